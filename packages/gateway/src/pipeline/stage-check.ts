import { isPublic } from "../identity/surface.ts";
import { leavesEntries } from "./audit-ready.ts";
import type { Operation } from "./operations.ts";
import type { Stage, StageId } from "./stage.ts";

/** Stages without which an operation is not served, in the order in which they have to come. */
const runOrder: readonly StageId[] = [
  "request-id",
  "accept",
  "overload",
  "audit-ready",
  "admin-address",
  "address-limit",
  "authenticate",
  "read",
  "authorize",
  "reserve",
  "route",
  "call",
];
const exitOrder: readonly StageId[] = ["settle", "meter", "audit", "metrics"];

/** Every stage whose absence is told. */
export const checkedStages: readonly StageId[] = [...runOrder, ...exitOrder];

/** What one operation's way through the stages lacks, worked out once. */
export interface WayCheck {
  /** Required stages that are not wired at all. */
  readonly missing: readonly StageId[];
  /** By the number of stages begun: those that should have come before and are not on the way. */
  readonly missingAt: readonly (readonly StageId[])[];
  /** By the number of stages begun: the bits that the trail then carries. */
  readonly trailAt: readonly number[];
}

/** `way` and `bits` are the operation's running stages and their trail bits, in order. */
export function checkWay(
  operation: Operation,
  stages: readonly Stage[],
  { way, bits }: { readonly way: readonly Stage[]; readonly bits: readonly number[] },
): WayCheck {
  const runs = runOrder.filter((id) => isRequired(id, operation));
  const exits = exitOrder.filter((id) => id !== "meter" || operation.isModel);
  const have = new Set<StageId>();
  const missingAt: (readonly StageId[])[] = [[]];
  const trailAt = [0];
  let reached = -1;
  way.forEach(({ id }, i) => {
    have.add(id);
    reached = Math.max(reached, runs.indexOf(id));
    missingAt.push(runs.slice(0, reached + 1).filter((one) => !have.has(one)));
    trailAt.push((trailAt[i] ?? 0) | (bits[i] ?? 0));
  });
  const isWiredExit = (id: StageId): boolean =>
    stages.some((stage) => stage.id === id && stage.exit && stage.wired(operation));
  const missing = [
    ...runs.filter((id) => !have.has(id)),
    ...exits.filter((id) => !isWiredExit(id)),
  ];
  return { missing, missingAt, trailAt };
}

function isRequired(id: StageId, operation: Operation): boolean {
  switch (id) {
    case "request-id":
    case "accept":
      return true;
    case "address-limit":
    case "authenticate":
      return !isPublic(operation);
    case "authorize":
      return !isPublic(operation) && typeof operation.permission === "string";
    case "audit-ready":
      return leavesEntries(operation);
    case "admin-address":
      return operation.limits === "admin";
    default:
      return operation.isModel;
  }
}
