import type { Tick } from "./block.ts";

const ticked =
  /^(?:\[( |x|X|-|\u2713|\u2714|\u2717)\]|([\u2610\u2611\u2612\u2705\u2714\u2713\u274c\u2717\u2718]))\s+(.*)$/su;

/** What a box or sign before the words says, and the words; null where there is none. */
export function splitTick(text: string): { readonly tick: Tick; readonly text: string } | null {
  const match = ticked.exec(text);
  if (match === null) return null;
  const mark = match[1] ?? match[2] ?? "";
  const isDone = /[xX\u2713\u2714\u2705\u2611]/.test(mark);
  const isFailed = /[\u274c\u2717\u2718]/.test(mark);
  return { tick: isDone ? "done" : isFailed ? "failed" : "open", text: match[3] ?? "" };
}
