import type { StackContext } from "../probe.ts";
import { WireFault } from "./fault.ts";

/** Time for taking back, beside that of the check. */
const takeBackMs = 2_000;

/**
 * Takes back what a check wrote, with a signal of its own of 2 s: the check's time may be over.
 * What could not be taken back is noted as `left`; nothing is thrown.
 */
export async function takeBack<C extends StackContext>(
  context: C,
  left: string,
  undo: (own: C) => Promise<unknown>,
): Promise<void> {
  const ending = new AbortController();
  const timer = context.clock.after(takeBackMs, () => ending.abort());
  try {
    await undo({ ...context, signal: ending.signal });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    context.note({ service: context.name, left, why });
  } finally {
    timer.cancel();
    ending.abort();
  }
}

/** Nothing where what was to be deleted is gone, or never was. @throws WireFault for a refusal. */
export function needGone(answer: { readonly status: number }, path: string): void {
  if (answer.status < 300 || answer.status === 404) return;
  throw new WireFault("protocol", `DELETE ${path} answered ${answer.status}`);
}

/** What a check writes, and how it is taken back. */
export interface Undo<C> {
  /** In a note, where it could not be taken back. */
  readonly left: string;
  undo(own: C): Promise<unknown>;
}

/** The result of `work`, which takes back itself what it wrote; when it throws, `undo` does. */
export async function orTakeBack<C extends StackContext, T>(
  context: C,
  { left, undo }: Undo<C>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await takeBack(context, left, undo);
    throw error;
  }
}
