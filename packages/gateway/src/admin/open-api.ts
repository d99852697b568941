import { isRecord } from "@loadline/kit/json";
import { z } from "zod";
import type { GatewayErrorCode } from "../errors.ts";
import { problemSchema, problemType, statusOf } from "./problem.ts";
import type { AdminRoute } from "./route.ts";

/** Version of the admin API, not of the product. */
const apiVersion = "1.0.0";

type Schema = Readonly<Record<string, unknown>>;

export interface OpenApiParameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters: readonly OpenApiParameter[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { schema: Schema; example?: unknown }>>;
  };
  readonly responses: Readonly<Record<string, { description: string; content: Schema }>>;
  /** The permission it needs; `ofOthers` for objects of somebody else. */
  readonly "x-loadline-permission": string;
  /** The action in the audit log, or null for reads. */
  readonly "x-loadline-audit": string | null;
}

export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: Readonly<Record<string, string>>;
  readonly servers: readonly { readonly url: string }[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: Schema;
}

/** Codes that every operation may answer. */
const always = [
  "LL_AUTH_MISSING",
  "LL_AUTH_MALFORMED",
  "LL_AUTH_INVALID",
  "LL_AUTH_EXPIRED",
  "LL_AUTH_REVOKED",
  "LL_AUTHZ_DENIED",
  "LL_ADMIN_ADDRESS",
  "LL_INTERNAL_UNEXPECTED",
  "LL_AUTH_STALE",
  "LL_STATE_UNAVAILABLE",
  "LL_AUDITLOG_FULL",
] as const satisfies readonly GatewayErrorCode[];
const ofBodies = [
  "LL_BODY_INVALID_JSON",
  "LL_BODY_DUPLICATE_KEY",
  "LL_BODY_UNKNOWN_FIELD",
  "LL_BODY_FIELD",
  "LL_BODY_TOO_LARGE",
  "LL_BODY_TYPE",
] as const satisfies readonly GatewayErrorCode[];

/** The OpenAPI 3.1 document of the operations, made from their schemas alone. */
export function openApiDocument(routes: readonly AdminRoute[]): OpenApiDocument {
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const route of routes) {
    const path = route.surface.path.replaceAll(/:([A-Za-z]+)/g, "{$1}");
    const methods = (paths[path] ??= {});
    methods[route.surface.methods[0].toLowerCase()] = operationOf(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Loadline admin API",
      version: apiVersion,
      description: "Keys, users, tenants, limits, breakers, usage, audit log and configuration.",
    },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }, { apiKey: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
      },
      schemas: { Problem: schemaOf(problemSchema, "output") },
    },
  };
}

/** JSON Schema of what is sent (`input`) or answered (`output`). */
function schemaOf(schema: z.ZodType, io: "input" | "output"): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

function operationOf(route: AdminRoute): OpenApiOperation {
  const { surface, body } = route;
  const object = surface.object;
  const permission = surface.permission;
  return {
    operationId: surface.id,
    summary: route.summary,
    tags: [surface.id.split(".")[0] ?? surface.id],
    parameters: [...parametersOf(route.params, "path"), ...parametersOf(route.query, "query")],
    ...(body && { requestBody: requestBodyOf(body, route.example) }),
    responses: responsesOf(route),
    "x-loadline-permission":
      object === undefined ? permission : `${permission}, of others ${object.ofOthers}`,
    "x-loadline-audit": route.action ?? null,
  };
}

function parametersOf(schema: z.ZodType, where: "path" | "query"): OpenApiParameter[] {
  const { properties, required } = schemaOf(schema, "input");
  const needed: readonly unknown[] = Array.isArray(required) ? required : [];
  return Object.entries(isRecord(properties) ? properties : {}).map(([name, node]) => {
    const { description, ...rest } = isRecord(node) ? node : {};
    return {
      name,
      in: where,
      required: where === "path" || needed.includes(name),
      ...(typeof description === "string" && { description }),
      schema: rest,
    };
  });
}

function requestBodyOf(
  body: z.ZodType,
  example: unknown,
): NonNullable<OpenApiOperation["requestBody"]> {
  const schema = schemaOf(body, "input");
  const required = Array.isArray(schema["required"]) && schema["required"].length > 0;
  const content = { schema, ...(example !== undefined && { example }) };
  return { required, content: { "application/json": content } };
}

function responsesOf(route: AdminRoute): OpenApiOperation["responses"] {
  const { surface } = route;
  const isWrite = surface.methods[0] !== "GET";
  const codes = new Set<GatewayErrorCode>([
    ...always,
    ...(isWrite ? ofBodies : ["LL_QUERY_FIELD" as const]),
    ...route.errors,
  ]);
  const byStatus = new Map<number, GatewayErrorCode[]>();
  for (const code of codes) {
    const status = statusOf(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const problem = { [problemType]: { schema: { $ref: "#/components/schemas/Problem" } } };
  const problems = [...byStatus].map(
    ([status, list]) =>
      [
        String(status),
        {
          description: list.join(", "),
          content: problem,
        },
      ] as const,
  );
  const answer = { "application/json": { schema: schemaOf(route.answer, "output") } };
  const good = [String(route.status), { description: "Done.", content: answer }] as const;
  return Object.fromEntries([good, ...problems]);
}
