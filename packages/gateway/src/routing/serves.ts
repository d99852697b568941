import { isBodyOperation } from "../body/rules.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import type { Target } from "./routes.ts";

/** Whether a target serves the exchange's operation. */
export function servesOperation(target: Target, x: Exchange): boolean {
  const { id } = x.operation;
  return isBodyOperation(id) && target.lanes[id] !== undefined;
}

/** Whether the caller allows another target than the first. */
export function mayFallBack(x: Exchange): boolean {
  return x.narrow?.noFallback !== true;
}
