import type { SwapCheck } from "./trial.ts";

export const modelStates = [
  "registered",
  "loading",
  "warming",
  "ready",
  "draining",
  "unloaded",
  "failed",
] as const;
export type ModelState = (typeof modelStates)[number];

export const fileRoles = ["serving", "rollback", "candidate", "past", "registered"] as const;
/** What a file is to a model: `rollback` is loaded to go back to, `past` is what was before. */
export type FileRole = (typeof fileRoles)[number];

/** Name of the file that a target itself names; a swap leaves it, a rollback comes back to it. */
export const ownFile = "configured";

export interface FileView {
  /** Its name in `models.registered`; `configured` is the target's own. */
  readonly name: string;
  readonly path: string;
  readonly state: ModelState;
  readonly role: FileRole;
  /** ISO 8601; null where nothing happened yet. */
  readonly since: string | null;
}

/** An in-process model and its files, the one that serves first. */
export interface SlotView {
  readonly target: string;
  readonly model: string;
  readonly files: readonly FileView[];
  /** ISO 8601; null when there is nothing to go back to. */
  readonly rollbackUntil: string | null;
  /** Results of the last swap. */
  readonly checks: readonly SwapCheck[];
}
