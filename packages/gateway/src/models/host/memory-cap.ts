import type { Clock } from "@loadline/kit/clock";

const lookMs = 100;
const mebibyte = 1024 * 1024;
/** Of the process itself. */
const baseBytes = 1024 * mebibyte;
/** Work on either takes memory beside it; embeddings have a context of their own. */
const perByte = 3;

/** Resident bytes that a host over a file and with contexts of this size may take, when nobody said. */
export function defaultRssMax(fileBytes: number, contextBytes: number): number {
  return baseBytes + perByte * (fileBytes + contextBytes);
}

export interface MemoryCap {
  readonly clock: Clock;
  /** Of now: a context may need more. */
  rssBytesMax(): number;
  /** Resident bytes of this process now. */
  rssBytes(): number;
  /** Told once, with why. */
  onOver(text: string): void;
}

/** Looks at the process ten times a second; the timer it waits on keeps no process. */
export function watchMemory({ clock, rssBytesMax, rssBytes, onOver }: MemoryCap): void {
  const look = (): void => {
    const bytes = rssBytes();
    const most = rssBytesMax();
    if (bytes <= most) clock.after(lookMs, look, { unref: true });
    else onOver(`${mib(bytes)} MiB are resident, ${mib(most)} are allowed`);
  };
  look();
}

const mib = (bytes: number): string => (bytes / mebibyte).toFixed(0);
