import type { StackEdge, StackManifest } from "./manifest.ts";
import type { StackService } from "./services/index.ts";

type Kind = StackService["kind"];
type Form = keyof NonNullable<StackEdge["find"]>;

/** The form of `find` each kind is asked by; in the others nothing can be looked for. */
const forms: Partial<Record<Kind, Form>> = {
  postgres: "sql",
  timescaledb: "sql",
  redis: "key",
  s3: "key",
  minio: "key",
  neo4j: "cypher",
  qdrant: "points",
};
const cannot = "leave the edge out, or make it `required: false`";

/** In a bucket the name of the run is enough; of MLflow it is known what its database keeps. */
const isFindKnown = (from: Kind, to: Kind): boolean =>
  to === "s3" || to === "minio" || (from === "mlflow" && forms[to] === "sql");

/**
 * What an edge lacks to tell anything, as the run and the plan both see it; null where it can be
 * asked. What crosses from MLflow is known; from any other kind the owner says what is sent.
 */
export function edgeGap({ services }: StackManifest, edge: StackEdge): string | null {
  const { from, to, send, find } = edge;
  const sender = services[from];
  const finder = services[to];
  if (sender === undefined || finder === undefined) return "give services that are declared";
  const isOwn = sender.kind === "mlflow";
  if (!isOwn && !/^https?:/.test(sender.url)) {
    return `nothing can be sent through ${from} (${sender.kind}): ${cannot}`;
  }
  const form = forms[finder.kind];
  if (form === undefined) return `nothing can be found in ${to} (${finder.kind}): ${cannot}`;
  const isFound = find?.[form] !== undefined || isFindKnown(sender.kind, finder.kind);
  if (find?.statement !== undefined && form !== "sql") {
    return `${to} (${finder.kind}) tells of no statements: leave \`find.statement\` out`;
  }
  const lacking = [
    ...(send === undefined && !isOwn ? [`\`send\` to ${from}`] : []),
    ...(isFound ? [] : [`\`find.${form}\` in ${to}`]),
  ];
  return lacking.length === 0 ? null : `give ${lacking.join(" and ")}`;
}

/** Edges of which nothing can be told as they are declared: id of the claim, and what to give. */
export function edgeGaps(stack: StackManifest): ReadonlyMap<string, string> {
  const gaps = new Map<string, string>();
  for (const edge of stack.edges) {
    const gap = edgeGap(stack, edge);
    if (gap !== null) gaps.set(`stack.edge.${edge.from}.${edge.to}`, gap);
  }
  return gaps;
}
