/** Kinds by the name of their image, with the port that is asked. */
const kinds: readonly (readonly [RegExp, string, number])[] = [
  [/(^|\/)timescaledb(-ha)?(:|@|$)/, "timescaledb", 5432],
  [/(^|\/)(postgres|postgresql|pgvector)(:|@|$)/, "postgres", 5432],
  [/(^|\/)(redis|valkey|redis-stack-server)(:|@|$)/, "redis", 6379],
  [/(^|\/)minio(:|@|$)/, "minio", 9000],
  [/(^|\/)mlflow(:|@|$)/, "mlflow", 5000],
  [/(^|\/)qdrant(:|@|$)/, "qdrant", 6333],
  [/(^|\/)neo4j(:|@|$)/, "neo4j", 7474],
  [/(^|\/)prometheus(:|@|$)/, "prometheus", 9090],
  [/(^|\/)alertmanager(:|@|$)/, "alertmanager", 9093],
];

/** Kinds that cannot be asked without what no compose file says. */
const incomplete: readonly (readonly [RegExp, string])[] = [
  [/(^|\/)grafana(-oss|-enterprise)?(:|@|$)/, "kind: grafana needs its dashboards"],
  [/(^|\/)jaeger(:|@|$)|jaegertracing\//, "kind: jaeger needs the address of its otlp"],
];

export interface ImageKind {
  readonly kind: string;
  /** Port of the container that is asked; null for the first that is published. */
  readonly port: number | null;
  /** Why it was taken for `http`; null where the image says its kind. */
  readonly guess: string | null;
}

/** The kind of service an image is of; `http` where its name says none that can be asked. */
export function kindOfImage(image: string): ImageKind {
  const known = kinds.find(([pattern]) => pattern.test(image));
  if (known !== undefined) return { kind: known[1], port: known[2], guess: null };
  const why = incomplete.find(([pattern]) => pattern.test(image))?.[1];
  const guess = why ?? "an image of no known kind";
  return { kind: "http", port: null, guess };
}
