/** What a request asks for. `unknown` is any path that is not served. */
export type OperationId =
  | "chat"
  | "embeddings"
  | "models.list"
  | "models.get"
  | "healthz"
  | "readyz"
  | "health"
  | "metrics"
  | "unknown";

export interface Operation {
  readonly id: OperationId;
  readonly methods: readonly string[];
  /** A path; a last segment of `*` stands for one or more segments. */
  readonly path: string;
  /** Goes to an upstream. */
  readonly isModel: boolean;
  readonly needsKey: boolean;
}

const get = ["GET", "HEAD"];

export const unknownOperation: Operation = {
  id: "unknown",
  methods: [],
  path: "*",
  isModel: false,
  needsKey: false,
};

export const operations: readonly Operation[] = [
  { id: "chat", methods: ["POST"], path: "/v1/chat/completions", isModel: true, needsKey: true },
  { id: "embeddings", methods: ["POST"], path: "/v1/embeddings", isModel: true, needsKey: true },
  { id: "models.list", methods: get, path: "/v1/models", isModel: false, needsKey: true },
  { id: "models.get", methods: get, path: "/v1/models/*", isModel: false, needsKey: true },
  { id: "healthz", methods: get, path: "/healthz", isModel: false, needsKey: false },
  { id: "readyz", methods: get, path: "/readyz", isModel: false, needsKey: false },
  { id: "health", methods: get, path: "/health", isModel: false, needsKey: false },
  { id: "metrics", methods: get, path: "/metrics", isModel: false, needsKey: false },
];

const exact = new Map(operations.map((operation) => [operation.path, operation]));
const prefixed = operations.filter((operation) => operation.path.endsWith("/*"));

/** The operation of a request target (query allowed) and what its `*` stands for, decoded. */
export function findOperation(target: string): { operation: Operation; param?: string } {
  const query = target.indexOf("?");
  const path = query < 0 ? target : target.slice(0, query);
  const operation = exact.get(path);
  if (operation) return { operation };
  for (const candidate of prefixed) {
    const prefix = candidate.path.slice(0, -1);
    const param = path.startsWith(prefix) ? decodeSegment(path.slice(prefix.length)) : undefined;
    if (param) return { operation: candidate, param };
  }
  return { operation: unknownOperation };
}

function decodeSegment(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    if (cause instanceof URIError) return undefined;
    throw cause;
  }
}
