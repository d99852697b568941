import { z } from "zod";
import type { BodyProblem } from "./request.ts";

const dayMs = 86_400_000;

const schema = z.strictObject({
  timeoutMs: z.int().min(1).max(dayMs).optional(),
  route: z.string().min(1).max(64).optional(),
  noFallback: z.boolean().optional(),
});

/** What a caller may narrow with the `loadline` object of its body. */
export interface Narrowing {
  /** Shorter total time, ms. */
  readonly timeoutMs: number | undefined;
  /** The route to take, when it is granted. */
  readonly route: string | undefined;
  /** Only the first target is tried. */
  readonly noFallback: boolean;
}

/** Reads a parsed `loadline` object; an unknown or malformed member is a problem that names it. */
export function readNarrowing(value: unknown): Narrowing | BodyProblem {
  const parsed = schema.safeParse(value);
  if (parsed.success) {
    const { timeoutMs, route, noFallback } = parsed.data;
    return { timeoutMs, route, noFallback: noFallback === true };
  }
  const issue = parsed.error.issues[0];
  const member = issue?.code === "unrecognized_keys" ? issue.keys[0] : issue?.path[0];
  const param = member === undefined ? "loadline" : `loadline.${String(member)}`;
  return { code: "LL_BODY_FIELD", message: `"${param}" is not a member we know`, param };
}
