import type { IncomingMessage, ServerResponse } from "node:http";
import { LoadlineError } from "@loadline/kit/errors";
import type { Logger } from "@loadline/kit/logger";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { AuditEvent } from "../audit-log/events.ts";
import { type AuditLog, auditQueueMax } from "../audit-log/log.ts";
import { gatewayErrors } from "../errors.ts";
import type { Acting } from "../identity/acting.ts";
import { authorize } from "../identity/authorize.ts";
import type { Principal } from "../identity/principal.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import type { Store } from "../state/store.ts";
import { docsPage } from "./docs-page.ts";
import { jsonReader } from "./json-body.ts";
import { openApiDocument } from "./open-api.ts";
import { factsOf, problemOf, type ProblemFacts, problemType, statusOf } from "./problem.ts";
import type { AdminRoute, RawCall } from "./route.ts";
import type { AdminServices } from "./services.ts";
import { adminRoutes } from "./surfaces/table.ts";

export interface AdminPlaneDeps {
  readonly services: AdminServices;
  readonly audit: AuditLog;
  readonly store: Pick<Store, "transaction">;
  readonly logger: Logger;
  readonly bodyBytesMax: number;
  /** Age of what is known of keys and roles (s); above 5 nothing is answered. */
  lagSeconds(): number;
}

export interface AdminPlane {
  /** Takes a request over from the pipeline, which has said who it is. */
  handle(request: IncomingMessage, response: ServerResponse, x: Exchange): void;
  close(): Promise<void>;
}

/** What the plane knows of a request under way. */
interface Visit {
  readonly x: Exchange;
  route: AdminRoute | undefined;
}

/** The admin API and its documents on Fastify; it opens no socket of its own. */
export function createAdminPlane(deps: AdminPlaneDeps): AdminPlane {
  const visits = new WeakMap<IncomingMessage, Visit>();
  const app = fastify({
    logger: false,
    bodyLimit: deps.bodyBytesMax,
    // What its router refuses by itself, such as an id that is too long, is no path of ours.
    frameworkErrors(_error, request, reply) {
      const { x } = visitOf(request);
      void reply.headers({ "x-request-id": x.id, ...guardHeaders });
      void sendProblem(reply, { code: "LL_ROUTE_UNKNOWN" }, x);
    },
  });
  const visitOf = (request: FastifyRequest): Visit => {
    const visit = visits.get(request.raw);
    if (!visit) throw gatewayErrors.make("LL_INTERNAL_UNEXPECTED");
    return visit;
  };
  acceptJsonOnly(app);
  app.addHook("onRequest", (request, reply, done) => {
    void reply.headers({ "x-request-id": visitOf(request).x.id, ...guardHeaders });
    done();
  });
  for (const route of adminRoutes) addRoute(app, route, deps, visitOf);
  addDocuments(app);
  app.setNotFoundHandler((request, reply) => {
    const methods = methodsAt(request.url);
    if (methods.length > 0) void reply.header("allow", methods.join(", "));
    const code = methods.length === 0 ? "LL_ROUTE_UNKNOWN" : "LL_ROUTE_METHOD";
    return sendProblem(reply, { code }, visitOf(request).x);
  });
  app.setErrorHandler((error: unknown, request, reply) => {
    const visit = visitOf(request);
    const facts = factsOfFault(error);
    if (facts.code === "LL_INTERNAL_UNEXPECTED") {
      const text = error instanceof Error ? (error.stack ?? error.message) : "no error";
      deps.logger.error("unexpected", { request: visit.x.id, code: facts.code, text });
    }
    const denial = denialOf(visit, facts, request.params);
    if (denial) deps.audit.record(denial);
    return sendProblem(reply, facts, visit.x);
  });
  let isReady = false;
  const ready = app.ready().then(() => void (isReady = true));
  return {
    handle(request, response, x) {
      visits.set(request, { x, route: undefined });
      if (isReady) app.routing(request, response);
      else
        ready.then(
          () => app.routing(request, response),
          (cause: unknown) => x.host.onFault(x, cause),
        );
    },
    async close() {
      await app.close();
    },
  };
}

const lagSecondsMax = 5;
/** No other origin opens, embeds or reads the page. */
const pageHeaders = {
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};
const guardHeaders = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** Checks the permission before a body byte is read, then runs the operation. */
function addRoute(
  app: FastifyInstance,
  route: AdminRoute,
  deps: AdminPlaneDeps,
  visitOf: (request: FastifyRequest) => Visit,
): void {
  const { surface } = route;
  app.route({
    method: surface.methods[0],
    url: surface.path,
    onRequest(request, _reply, done) {
      const visit = visitOf(request);
      visit.route = route;
      if (deps.lagSeconds() > lagSecondsMax) return done(gatewayErrors.make("LL_AUTH_STALE"));
      // Whatever `onFull` says: nobody acts here while denials could not be kept.
      const isFull = deps.audit.depth() >= auditQueueMax;
      if (isFull) return done(gatewayErrors.make("LL_AUDITLOG_FULL"));
      const verdict = authorize(principalOf(visit.x), surface);
      if (verdict === "allow") return done();
      const { code, permission } = verdict;
      done(gatewayErrors.make(code, permission && `The credential lacks ${permission}.`));
    },
    async handler(request, reply) {
      const { x } = visitOf(request);
      const { params, query, body } = request;
      const acting = actingOf(x, surface.id);
      const answer = await runAudited(route, deps, { acting, params, query, body });
      void reply.code(route.status).type("application/json");
      return Buffer.from(JSON.stringify(answer));
    },
  });
}

/**
 * Runs an operation. Services write their entry inside the transaction of the change; for the
 * others it is committed before the act, so that no act is without one.
 */
async function runAudited(
  route: AdminRoute,
  { services, audit, store }: AdminPlaneDeps,
  raw: RawCall,
): Promise<unknown> {
  if (route.audited !== "plane") return route.run(services, raw);
  route.check(services, raw);
  const detail = detailOf(raw.body);
  const event = eventOf(route, raw.acting, { object: route.objectOf(raw), detail });
  await store.transaction((r) => audit.write(r.audit, { ...event, outcome: "ok" }));
  try {
    return await route.run(services, raw);
  } catch (cause) {
    audit.record({ ...event, outcome: "failed", code: codeOf(cause) });
    throw cause;
  }
}

function eventOf(
  { surface, action }: AdminRoute,
  { principal: p, ip, requestId }: Acting,
  more: Pick<AuditEvent, "object" | "detail">,
): Omit<AuditEvent, "outcome"> {
  return {
    tenant: p.tenantId,
    actor: { id: p.id, kind: p.kind, via: p.via, credential: p.credentialId },
    action: action ?? surface.id,
    surface: surface.id,
    ...(ip !== undefined && { ip }),
    ...(requestId !== undefined && { requestId }),
    ...more,
  };
}

/** 401, 403 and unknown objects, which may be another tenant's, stay on record. */
function denialOf(
  { x, route }: Visit,
  { code }: ProblemFacts,
  params: unknown,
): AuditEvent | undefined {
  const status = statusOf(code);
  const isHidden = status === 404 && code.endsWith("_UNKNOWN");
  if (!route || !x.principal || !(status === 401 || status === 403 || isHidden)) return undefined;
  const acting = actingOf(x, route.surface.id);
  const object = route.objectOf({ acting, params, query: {}, body: {} });
  const event = eventOf(route, acting, { object });
  return { ...event, action: "admin.denied", outcome: "denied", code };
}

function addDocuments(app: FastifyInstance): void {
  const document = openApiDocument(adminRoutes);
  const page = docsPage(document);
  const json = Buffer.from(JSON.stringify(document));
  app.get("/admin/openapi.json", (_request, reply) => reply.type("application/json").send(json));
  app.get("/admin/docs", (_request, reply) =>
    reply
      .headers({ ...pageHeaders, "content-security-policy": page.policy })
      .type("text/html; charset=utf-8")
      .send(page.html),
  );
}

/** Bodies are JSON and nothing else; an empty one is no body. */
function acceptJsonOnly(app: FastifyInstance): void {
  type Done = (error: Error | null, body?: unknown) => void;
  const writes = adminRoutes.flatMap(({ surface }) =>
    surface.writes === undefined || surface.writes === "upstream" ? [] : surface.writes,
  );
  const read = jsonReader(writes);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/json",
    { parseAs: "buffer" },
    (request: FastifyRequest, bytes: Buffer, done: Done) => {
      const encoding = request.headers["content-encoding"];
      if (encoding !== undefined && encoding !== "identity")
        return done(gatewayErrors.make("LL_BODY_TYPE"));
      let body: unknown;
      try {
        body = read(bytes);
      } catch (cause) {
        return done(cause instanceof Error ? cause : gatewayErrors.make("LL_BODY_INVALID_JSON"));
      }
      done(null, body);
    },
  );
}

function principalOf(x: Exchange): Principal {
  if (x.principal) return x.principal;
  throw gatewayErrors.make("LL_AUTH_MISSING");
}

function actingOf(x: Exchange, surface: string): Acting {
  return { principal: principalOf(x), ip: x.client.address, requestId: x.id, surface };
}

/** Members of a body that may stand in the log: one level of texts, numbers and booleans. */
function detailOf(body: unknown): NonNullable<AuditEvent["detail"]> {
  const entries: [string, unknown][] = typeof body === "object" && body ? Object.entries(body) : [];
  return Object.fromEntries(
    entries.flatMap(([name, value]) =>
      typeof value === "string" || typeof value === "number" || typeof value === "boolean"
        ? [[name, value]]
        : [],
    ),
  );
}

function sendProblem(reply: FastifyReply, facts: ProblemFacts, x: Exchange): FastifyReply {
  const problem = problemOf(facts, x.id);
  if (problem.status === 401) void reply.header("www-authenticate", "Bearer");
  if (problem.status === 503) void reply.header("retry-after", "1");
  // As bytes, because Fastify appends a charset to the type of a text.
  return reply
    .code(problem.status)
    .type(problemType)
    .send(Buffer.from(JSON.stringify(problem)));
}

function codeOf(cause: unknown): string {
  return cause instanceof LoadlineError ? cause.code : "LL_INTERNAL_UNEXPECTED";
}

/** Our own errors keep their code; those of the framework get ours. */
function factsOfFault(error: unknown): ProblemFacts {
  if (error instanceof LoadlineError) return factsOf(error);
  const code = error instanceof Error && "code" in error ? error.code : "";
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return { code: "LL_BODY_TOO_LARGE" };
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") return { code: "LL_BODY_TYPE" };
  if (code === "FST_ERR_CTP_INVALID_CONTENT_LENGTH") return { code: "LL_BODY_CUT" };
  return { code: "LL_INTERNAL_UNEXPECTED" };
}

/** Methods of the operations at a path, for `Allow`. */
function methodsAt(url: string): string[] {
  const segments = (url.split("?")[0] ?? url).split("/");
  const matching = adminRoutes.filter(({ surface }) => {
    const own = surface.path.split("/");
    const isLike = own.every((part, i) => part.startsWith(":") || part === segments[i]);
    return own.length === segments.length && isLike;
  });
  return [...new Set(matching.flatMap((route) => route.surface.methods))];
}
