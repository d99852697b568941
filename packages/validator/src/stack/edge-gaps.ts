import type { StackManifest } from "./manifest.ts";

/**
 * Edges of which nothing can be told as they are declared: id of the claim, and what to give. What
 * crosses from MLflow is known; from any other kind the owner says what is sent and where it is found.
 */
export function edgeGaps({ services, edges }: StackManifest): ReadonlyMap<string, string> {
  const gaps = new Map<string, string>();
  for (const { from, to, send, find } of edges) {
    if (services[from]?.kind === "mlflow") continue;
    const lacking = [
      ...(send === undefined ? [`\`send\` to ${from}`] : []),
      ...(find === undefined ? [`\`find\` in ${to}`] : []),
    ];
    if (lacking.length > 0) gaps.set(`stack.edge.${from}.${to}`, `give ${lacking.join(" and ")}`);
  }
  return gaps;
}
