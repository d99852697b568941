import { z } from "zod";
import { gatewayErrors } from "../../errors.ts";
import { type AdminRoute, defineRoute } from "../route.ts";
import type { BreakerBoard, BreakerView } from "../../breaker/board.ts";
import { everyTenant } from "../../identity/authorize.ts";
import { idParams } from "./shapes.ts";
import { shownLimits, shownRoutes, shownTargets } from "./shown.ts";

const breaker = z.object({
  id: z.string().describe("The target's name, or `<target>/<key>` for one upstream key."),
  target: z.string(),
  state: z.enum(["closed", "half_open", "open"]),
  override: z.enum(["open", "closed"]).nullable().describe("Set while an operator holds it."),
  retryAfterMs: z.number().describe("ms until calls are let through again."),
  outcomes: z.number().describe("Outcomes in the window; 0 for a key."),
  failures: z.number(),
  inFlight: z.number(),
  rampShare: z.number().describe("Share of its traffic that it takes on its way back, 0-1."),
});
const limit = z.object({
  scope: z.string(),
  match: z.array(z.string()).nullable().describe("Names it applies to; null: all."),
  resource: z.string(),
  limit: z.number(),
  period: z.union([z.string(), z.number()]).describe("ms, or day, month, total."),
  burst: z.number().nullable().describe("Most at once; null: the default."),
  estimate: z.string(),
});
const target = z.object({
  name: z.string(),
  provider: z.string(),
  model: z.string().describe("The model's name at the upstream."),
  ready: z.boolean(),
});
const route = z.object({
  name: z.string(),
  models: z.array(z.string()).readonly(),
  targets: z.array(z.string()).readonly(),
  critical: z.boolean(),
});

export const trafficRoutes: readonly AdminRoute[] = [
  defineRoute({
    id: "targets.list",
    method: "GET",
    path: "/targets",
    summary: "List upstreams the caller may use with their readiness in this process",
    permission: "routes:read",
    answer: z.object({ data: z.array(target).readonly() }),
    handle: ({ targets, routes }, { acting: { principal } }) => ({
      data: shownTargets(targets(), routes(), principal),
    }),
  }),
  defineRoute({
    id: "routes.list",
    method: "GET",
    path: "/routes",
    summary: "List routes the caller may use with their models and targets",
    permission: "routes:read",
    answer: z.object({ data: z.array(route).readonly() }),
    handle: ({ routes }, { acting: { principal } }) => ({
      data: shownRoutes(routes(), principal),
    }),
  }),
  defineRoute({
    id: "limits.list",
    method: "GET",
    path: "/limits",
    summary: "List the limits that hold; those of other tenants for platform admins alone",
    permission: "budgets:read",
    answer: z.object({
      status: z.object({
        mode: z.string().describe("Who decides: this process alone or the shared store."),
        leases: z
          .number()
          .nullable()
          .describe("Reservations not settled yet; null: of others, too."),
        buckets: z.number().nullable().describe("Limiters in memory; null: of others, too."),
      }),
      data: z.array(limit),
    }),
    async handle({ limits, config, routes, repositories }, { acting: { principal } }) {
      const shown = await shownLimits(config().limits, routes(), principal, repositories);
      const data = shown.map(({ entry, match }) => ({
        ...entry,
        match,
        burst: entry.burst ?? null,
      }));
      const status = limits.status();
      if (principal.tenantId === everyTenant) return { status, data };
      return { status: { mode: status.mode, leases: null, buckets: null }, data };
    },
  }),
  defineRoute({
    id: "breakers.list",
    method: "GET",
    path: "/breakers",
    summary: "List circuit breakers, those of several processes as one",
    permission: "breakers:read",
    platform: true,
    answer: z.object({ data: z.array(breaker).readonly() }),
    handle: async ({ breakers, everywhere }) => ({
      data: (await everywhere?.list()) ?? breakers.list(),
    }),
  }),
  defineRoute({
    id: "breakers.override",
    method: "POST",
    path: "/breakers/:id/override",
    summary: "Hold a breaker open or closed, or let it decide again",
    permission: "breakers:override",
    platform: true,
    audit: { action: "breaker.overridden", by: "plane" },
    params: idParams,
    body: z.strictObject({ to: z.enum(["open", "closed", "auto"]) }),
    answer: breaker,
    errors: ["LL_BREAKER_UNKNOWN"],
    example: { to: "open" },
    objectOf: (raw) => ({ type: "breaker", id: idParams.safeParse(raw.params).data?.id ?? "" }),
    check: ({ breakers }, { params: { id } }) => void shownBreaker(breakers, id),
    async handle({ breakers, everywhere }, { params: { id }, body }) {
      if (everywhere) await everywhere.override(id, body.to);
      else breakers.override(id, body.to);
      return shownBreaker(breakers, id);
    },
  }),
];

function shownBreaker(breakers: Pick<BreakerBoard, "list">, id: string): BreakerView {
  const shown = breakers.list().find((one) => one.id === id);
  if (shown) return shown;
  throw gatewayErrors.make("LL_BREAKER_UNKNOWN", `There is no breaker ${JSON.stringify(id)}.`);
}
