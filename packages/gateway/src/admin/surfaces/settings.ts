import { z } from "zod";
import { gatewayErrors } from "../../errors.ts";
import { type AdminRoute, defineRoute } from "../route.ts";
import { maskConfig } from "../mask.ts";
import { isoTime } from "./shapes.ts";

export const settingRoutes: readonly AdminRoute[] = [
  defineRoute({
    id: "config.show",
    method: "GET",
    path: "/config",
    summary: "Show the configuration in force, secrets masked",
    permission: "settings:read",
    // It names every tenant, and addresses within the network.
    platform: true,
    answer: z.object({ config: z.record(z.string(), z.unknown()) }),
    handle: (services) => ({ config: maskConfig(services.config()) }),
  }),
  defineRoute({
    id: "config.reload",
    method: "POST",
    path: "/config/reload",
    summary: "Read the configuration again; an invalid one changes nothing",
    permission: "settings:manage",
    platform: true,
    audit: { action: "config.reloaded", by: "plane" },
    answer: z.object({
      applied: z.boolean(),
      problem: z.string().nullable().describe("Why nothing was applied."),
    }),
    errors: ["LL_ADMIN_UNAVAILABLE"],
    objectOf: () => ({ type: "config", id: "gateway" }),
    check({ reload }) {
      if (!reload) throw noFile();
    },
    handle({ reload }) {
      if (reload) return reload();
      throw noFile();
    },
  }),
  defineRoute({
    id: "settings.show",
    method: "GET",
    path: "/settings",
    summary: "Show version, profile and the settings that guard this gateway",
    permission: "settings:read",
    answer: z.object({
      version: z.string(),
      profile: z.string(),
      env: z.string(),
      startedAt: isoTime,
      now: isoTime,
      admin: z.object({ allowFrom: z.array(z.string()), bodyBytesMax: z.int() }),
      auditLog: z.object({ onFull: z.string(), requests: z.string(), heads: z.boolean() }),
      auth: z.object({ required: z.boolean() }),
    }),
    handle(services) {
      const { profile, env, admin, auditLog, auth } = services.config();
      return {
        version: services.version,
        profile,
        env,
        startedAt: new Date(services.startedMs).toISOString(),
        now: new Date(services.wallMs()).toISOString(),
        admin,
        auditLog: { ...auditLog, heads: auditLog.heads !== undefined },
        auth,
      };
    },
  }),
];

function noFile(): Error {
  return gatewayErrors.make("LL_ADMIN_UNAVAILABLE", "This gateway has no file to reload.");
}
