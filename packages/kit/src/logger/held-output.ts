import type { Clock, Timer } from "../clock/index.ts";

/** Where text goes that a reader may stop reading, such as a pipe. */
export interface Output {
  /** Takes it at once, whoever reads. */
  write(text: string): void;
  /** Bytes it took and has not passed on. */
  waitingBytes(): number;
}

export interface HeldOutputDeps {
  readonly clock: Clock;
  readonly output: Output;
  /** Most that is held for a reader that rests. */
  readonly bytesMax: number;
  /** Lines that were given up. */
  readonly onDropped: (lines: number) => void;
}

export interface HeldOutput {
  write(text: string): void;
  /** Bytes held here, those that `output` took left out. */
  readonly heldBytes: number;
  /** Hands on all that is held: nothing follows. */
  close(): void;
}

const lookMs = 50;

/**
 * Passes text on while it is read. Behind a reader that rests at most `bytesMax` are held, beside the one
 * text that `output` has: the oldest is given up for the newest.
 */
export function createHeldOutput(deps: HeldOutputDeps): HeldOutput {
  const { clock, output, bytesMax, onDropped } = deps;
  const held: string[] = [];
  let heldBytes = 0;
  let timer: Timer | undefined;
  const shift = (): string => {
    const text = held.shift() ?? "";
    heldBytes -= Buffer.byteLength(text);
    return text;
  };
  const look = (): void => {
    timer = undefined;
    pass();
  };
  const pass = (): void => {
    while (held.length > 0 && output.waitingBytes() === 0) output.write(shift());
    if (held.length > 0) timer ??= clock.after(lookMs, look, { unref: true });
  };
  return {
    write(text) {
      held.push(text);
      heldBytes += Buffer.byteLength(text);
      pass();
      while (heldBytes > bytesMax) onDropped(linesOf(shift()));
    },
    get heldBytes() {
      return heldBytes;
    },
    close() {
      timer?.cancel();
      while (held.length > 0) output.write(shift());
    },
  };
}

const linesOf = (text: string): number => text.split("\n").length - 1;
