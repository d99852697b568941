import { z } from "zod";
import { type GatewayErrorCode, gatewayErrors } from "../errors.ts";
import type { Acting } from "../identity/acting.ts";
import type { Permission } from "../identity/permissions.ts";
import type { Surface } from "../identity/surface.ts";
import type { AdminServices } from "./services.ts";

/** What arrives at an admin operation, not yet checked. */
export interface RawCall {
  readonly acting: Acting;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** One operation of the admin API: its registry entry, its schemas and what it does. */
export interface AdminRoute {
  readonly surface: Surface & {
    readonly methods: readonly [string];
    readonly permission: Permission;
  };
  /** The action in the audit log; undefined for reads. */
  readonly action: string | undefined;
  /** A sentence without its full stop. */
  readonly summary: string;
  readonly status: 200 | 201;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  /** Undefined where no body is read. */
  readonly body: z.ZodType | undefined;
  readonly answer: z.ZodType;
  /** Codes of its own, besides those of every operation. */
  readonly errors: readonly GatewayErrorCode[];
  /** A body for the documents' curl line. */
  readonly example: unknown;
  /** Who writes the audit entry: the service inside its transaction, the plane, or nobody. */
  readonly audited: "service" | "plane" | "none";
  /** What the plane's entry names; only for `audited: "plane"`. */
  objectOf(raw: RawCall): { readonly type: string; readonly id: string };
  /** Throws what is wrong with the call before the plane writes its entry. */
  check(services: AdminServices, raw: RawCall): void;
  /** Checks the call, runs it and returns an answer of exactly the documented members. */
  run(services: AdminServices, raw: RawCall): Promise<unknown>;
}

interface RouteSpec<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  A extends z.ZodType,
> {
  readonly id: string;
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below /admin/v1. */
  readonly path: string;
  readonly summary: string;
  readonly permission: Permission;
  readonly object?: Surface["object"];
  readonly platform?: true;
  /** The action in the audit log; reads have none. */
  readonly audit?: { readonly action: string; readonly by: "service" | "plane" };
  readonly status?: 200 | 201;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answer: A;
  readonly errors?: readonly GatewayErrorCode[];
  readonly example?: unknown;
  readonly objectOf?: AdminRoute["objectOf"];
  /** For `by: "plane"`: throws when the act is not possible; nothing is written then. */
  readonly check?: (services: AdminServices, call: Call<P, Q, B>) => void;
  handle(services: AdminServices, call: Call<P, Q, B>): Promise<z.input<A>> | z.input<A>;
}

interface Call<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly acting: Acting;
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
}

const none = z.strictObject({});

/** Makes the registry entry and the checks of an operation from its schemas. */
export function defineRoute<
  A extends z.ZodType,
  P extends z.ZodType = typeof none,
  Q extends z.ZodType = typeof none,
  B extends z.ZodType = typeof none,
>(spec: RouteSpec<P, Q, B, A>): AdminRoute {
  const { id, method, audit } = spec;
  const params: z.ZodType = spec.params ?? none;
  const query: z.ZodType = spec.query ?? none;
  const isWrite = method !== "GET";
  const read = (raw: RawCall): Call<P, Q, B> => ({
    acting: raw.acting,
    params: readPart<P>(params, raw.params, "LL_OBJECT_UNKNOWN"),
    query: readPart<Q>(query, raw.query, "LL_QUERY_FIELD"),
    body: readPart<B>(spec.body ?? none, raw.body ?? {}, "LL_BODY_FIELD"),
  });
  return {
    surface: {
      id,
      kind: "http",
      methods: [method],
      path: `/admin/v1${spec.path}`,
      permission: spec.permission,
      ...(spec.object && { object: spec.object }),
      ...(spec.platform && { platform: spec.platform }),
      ...(isWrite && { writes: spec.body ? membersOf(spec.body) : [] }),
      limits: "admin",
      body: isWrite ? "admin" : "none",
      egress: "none",
      audit: audit ? audit.action : { none: "reads only" },
    },
    action: audit?.action,
    summary: spec.summary,
    status: spec.status ?? 200,
    params,
    query,
    body: spec.body,
    answer: spec.answer,
    errors: spec.errors ?? [],
    example: spec.example,
    audited: audit?.by ?? "none",
    objectOf: spec.objectOf ?? ((raw) => ({ type: typeOf(spec.path), id: firstOf(raw.params) })),
    check: (services, raw) => spec.check?.(services, read(raw)),
    run: async (services, raw) => spec.answer.parse(await spec.handle(services, read(raw))),
  };
}

/** Parses one part of a call; the error names the first member that is wrong. */
function readPart<T extends z.ZodType>(
  schema: z.ZodType,
  value: unknown,
  code: "LL_OBJECT_UNKNOWN" | "LL_QUERY_FIELD" | "LL_BODY_FIELD",
): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data as z.output<T>;
  if (code === "LL_OBJECT_UNKNOWN") throw gatewayErrors.make(code);
  const issue = result.error.issues[0];
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const path = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])];
  const param = path.map(String).join(".");
  const isMember = unknown !== undefined && code === "LL_BODY_FIELD";
  const what = unknown === undefined ? (issue?.message ?? "not allowed") : "does not exist";
  const message = `${param === "" ? "body" : param}: ${what}.`;
  throw gatewayErrors.make(isMember ? "LL_BODY_UNKNOWN_FIELD" : code, message, { param });
}

function membersOf(schema: z.ZodType): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** What a path is about: `/keys/:id/rotate` is about a key. */
function typeOf(path: string): string {
  return (path.split("/")[1] ?? path).replace(/s$/, "");
}

function firstOf(params: unknown): string {
  const first: unknown = typeof params === "object" && params ? Object.values(params)[0] : "";
  return typeof first === "string" ? first : "";
}
