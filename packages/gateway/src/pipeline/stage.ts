import type { Exchange, Exit, Refusal } from "./exchange.ts";
import type { Operation } from "./operations.ts";

export type StageId =
  | "accept"
  | "admin-address"
  | "overload"
  | "audit-ready"
  | "hand-over"
  | "files"
  | "audit"
  | "address-limit"
  | "request-id"
  | "authenticate"
  | "read"
  | "authorize"
  | "reserve"
  | "route"
  | "call"
  | "answer"
  | "settle"
  | "meter"
  | "metrics";

/** Says that the stage goes on by itself: it calls `x.resume` once, and no promise was made. */
export const pending = Symbol("pending");

export type StageOutcome = undefined | Refusal | typeof pending | Promise<undefined | Refusal>;

/**
 * One named step. `run` answers at once unless it must wait; a refusal ends the exchange. Exit
 * steps run once, in table order, for refusals too.
 */
export interface Stage {
  readonly id: StageId;
  readonly summary: string;
  wired(operation: Operation): boolean;
  run?(x: Exchange): StageOutcome;
  exit?(x: Exchange, end: Exit): void;
}

export const adminOnly = (operation: Operation): boolean => operation.limits === "admin";
export const always = (): boolean => true;
export const modelOnly = (operation: Operation): boolean => operation.isModel;
