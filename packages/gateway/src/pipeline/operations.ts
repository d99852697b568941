import type { Surface } from "../identity/surface.ts";

/** What a request asks for. `unknown` is any path that is not served. */
export type OperationId =
  | "chat"
  | "completions"
  | "embeddings"
  | "responses"
  | "messages"
  | "models.list"
  | "models.get"
  | "files"
  | "files.one"
  | "root"
  | "healthz"
  | "readyz"
  | "health"
  | "metrics"
  | "admin"
  | "admin.docs"
  | "admin.openapi"
  | "unknown";

/** A surface that the pipeline serves. */
export interface Operation extends Surface {
  readonly id: OperationId;
  /** Goes to an upstream. */
  readonly isModel: boolean;
}

const get = ["GET", "HEAD"];
const readOnly = { kind: "http", isModel: false, body: "none", egress: "none" } as const;
const notAudited = { none: "reads only" } as const;

/** A POST that is metered and relayed to an upstream. */
function model(id: OperationId, path: string): Operation {
  return {
    id,
    kind: "http",
    methods: ["POST"],
    path,
    isModel: true,
    permission: "inference:call",
    writes: "upstream",
    limits: "model",
    body: "model",
    egress: "provider",
    audit: { none: "metered, one usage record per attempt" },
  };
}

/** A GET that the gateway answers itself. */
function local(id: OperationId, path: string, permission: Operation["permission"]): Operation {
  const limits = typeof permission === "string" ? "read" : "probe";
  return { ...readOnly, id, methods: get, path, permission, limits, audit: notAudited };
}

/** Uploads: a file of somebody else of the same tenant needs more than one's own. */
function files(
  id: OperationId,
  path: string,
  o: Pick<Operation, "methods" | "writes" | "body" | "audit">,
): Operation {
  return {
    ...o,
    id,
    kind: "http",
    path,
    isModel: false,
    permission: "inference:call",
    object: { type: "file", ofOthers: "users:manage" },
    limits: "files",
    egress: "store",
  };
}

/** A path that the admin plane answers; the front hands the request over. */
function admin(
  id: OperationId,
  path: string,
  o: Pick<Operation, "methods" | "permission" | "body">,
): Operation {
  const audit = { none: "each surface of the admin plane records its own" };
  return { ...readOnly, ...o, id, path, limits: "admin", audit };
}

export const unknownOperation: Operation = {
  ...local("unknown", "*", { public: "health" }),
  methods: [],
};

export const operations: readonly Operation[] = [
  model("chat", "/v1/chat/completions"),
  model("completions", "/v1/completions"),
  model("embeddings", "/v1/embeddings"),
  model("responses", "/v1/responses"),
  model("messages", "/v1/messages"),
  local("models.list", "/v1/models", "models:read"),
  local("models.get", "/v1/models/*", "models:read"),
  files("files", "/v1/files", {
    methods: [...get, "POST"],
    writes: ["file", "purpose"],
    body: "upload",
    audit: "file.created",
  }),
  files("files.one", "/v1/files/*", {
    methods: [...get, "DELETE"],
    writes: [],
    body: "none",
    audit: "file.deleted",
  }),
  local("root", "/", { public: "health" }),
  local("healthz", "/healthz", { public: "health" }),
  local("readyz", "/readyz", { public: "ready" }),
  local("health", "/health", { public: "health" }),
  local("metrics", "/metrics", "metrics:read"),
  admin("admin", "/admin/v1/*", {
    methods: [...get, "POST", "PATCH", "DELETE"],
    permission: { below: "each surface under this path declares its own" },
    body: "admin",
  }),
  admin("admin.docs", "/admin/docs", {
    methods: get,
    permission: { public: "docs" },
    body: "none",
  }),
  admin("admin.openapi", "/admin/openapi.json", {
    methods: get,
    permission: { public: "docs" },
    body: "none",
  }),
];

const exact = new Map(operations.map((operation) => [operation.path, operation]));
const prefixed = operations.filter((operation) => operation.path.endsWith("/*"));

/** Whether a target is exactly an operation's own path: nothing in it needs another look. */
export function isExactPath(operation: Operation, target: string): boolean {
  return target === operation.path && operation !== unknownOperation;
}

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
