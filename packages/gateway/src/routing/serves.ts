import type { Exchange } from "../pipeline/exchange.ts";
import type { Target } from "./routes.ts";

/** Whether a target's provider serves the exchange's operation. */
export function servesOperation(target: Target, x: Exchange): boolean {
  const operation = x.operation.id === "embeddings" ? "embeddings" : "chat";
  return target.provider.paths[operation] !== undefined;
}

/** Whether the caller allows another target than the first. */
export function mayFallBack(x: Exchange): boolean {
  return x.narrow?.noFallback !== true;
}
