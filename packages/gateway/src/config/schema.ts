import { parseRange } from "@loadline/kit/ip-ranges";
import { z } from "zod";
import { adminConfig } from "../admin/config.ts";
import { auditLogConfig } from "../audit-log/config.ts";
import { pricesSection } from "../budgets/config.ts";
import { egressConfig } from "../egress/config.ts";
import { authSection } from "../identity/config.ts";
import {
  addressLimitSection,
  concurrencySection,
  limitsSection,
  outputMaxSection,
} from "../limits/config.ts";
import { modelsSection } from "../models/swap/config.ts";
import { providerIds } from "../providers/index.ts";
import { transportConfig } from "../providers/transport.ts";
import { selfProbeConfig } from "../self-probe/config.ts";
import { streamConfig } from "../stream/config.ts";
import { telemetryConfig } from "../telemetry/config.ts";
import {
  breakerConfig,
  retryConfig,
  routeRoutingShape,
  strategyConfig,
} from "../routing/config.ts";
import { storesSection } from "./stores.ts";
import { tlsSection } from "../tls/config.ts";
import { workersSection } from "../workers/config.ts";
import { durationMs } from "./values.ts";
import { distributions } from "../workers/distribution.ts";

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
const hourMs = 3_600_000;
const minuteMs = 60_000;

const listen = z.strictObject({
  host: z.string().min(1).default("127.0.0.1").describe("Address to listen on."),
  port: z.int().min(0).max(65_535).default(8080).describe("Port; 0 takes any free one."),
});

const http = z.strictObject({
  bodyBytesMax: z
    .int()
    .min(1024)
    .max(64 * 1024 * 1024)
    .default(4 * 1024 * 1024)
    .describe("Largest request body in bytes."),
  headBytesMax: z.int().min(1024).max(65_536).default(16_384).describe("Largest head in bytes."),
  head: durationMs({ max: minuteMs, default: 10_000 }).describe("Time for a request's head (ms)."),
  request: durationMs({ max: hourMs, default: minuteMs }).describe("Time for a request (ms)."),
  keepAlive: durationMs({ max: hourMs, default: 65_000 }).describe("Idle connection (ms)."),
  front: z
    .enum(["http1", "node"])
    .default("http1")
    .describe("Who reads plain model requests: our own front, or Node's server for everything."),
  trustedProxies: z
    .array(z.string().refine((text) => parseRange(text) !== undefined, "expected a CIDR range"))
    .max(256)
    .default([])
    .describe("CIDR ranges of proxies that X-Forwarded-For is believed from; empty: nobody."),
  connectionsMax: z.int().min(1).max(1_000_000).default(10_000).describe("Open connections."),
  distribution: z
    .enum(distributions)
    .default("auto")
    .describe(
      "Who hands connections to several workers: the operating system, which only some do; their " +
        "supervisor, in turn; auto: the system on Linux, else the supervisor.",
    ),
});

const timeouts = z.strictObject({
  connect: durationMs({ max: minuteMs, default: 2000 }).describe("Upstream connection (ms)."),
  firstByte: durationMs({ max: hourMs, default: 60_000 }).describe("Upstream's head (ms)."),
  firstContent: durationMs({ max: hourMs, default: 120_000 }).describe("First content (ms)."),
  idle: durationMs({ max: hourMs, default: 30_000 }).describe("Gap within a stream (ms)."),
  total: durationMs({ max: hourMs, default: 600_000 }).describe("Whole request (ms)."),
});

const controls = /[\u0000-\u001f\u007f]/;
const modelName = z
  .string()
  .min(1)
  .max(256)
  .refine((text) => !controls.test(text), "a name has no control characters");

const group = z.strictObject({
  strategy: strategyConfig,
  targets: z
    .array(name)
    .min(1)
    .max(64)
    .refine((names) => new Set(names).size === names.length, "a target is named twice")
    .describe("Names of targets, best first."),
});

const route = z.strictObject({
  models: z.array(modelName).min(1).max(256).describe("Model names it serves."),
  groups: z.array(group).min(1).max(16).describe("Fallback chain of target groups."),
  critical: z.boolean().default(true).describe("Whether readiness waits for a target of it."),
  ...routeRoutingShape,
});

/** The gateway's configuration; targets are checked by their provider's own schema. */
export const configSchema = z.strictObject({
  profile: z
    .enum(["development", "production"])
    .default("development")
    .describe("Production refuses providers made for development."),
  env: z
    .string()
    .regex(/^[a-z0-9]{2,8}$/)
    .default("local")
    .describe("Second part of the API keys made here."),
  stateDir: z.string().min(1).default(".loadline").describe("Directory of state."),
  listen: listen.prefault({}),
  tls: tlsSection,
  workers: workersSection,
  http: http.prefault({}),
  auth: authSection.prefault({}),
  admin: adminConfig.prefault({}),
  auditLog: auditLogConfig.prefault({}),
  timeouts: timeouts.prefault({}),
  limits: limitsSection,
  concurrency: concurrencySection,
  addressLimit: addressLimitSection,
  prices: pricesSection,
  outputMax: outputMaxSection,
  stores: storesSection,
  breaker: breakerConfig.prefault({}),
  retry: retryConfig.prefault({}),
  stream: streamConfig.prefault({}).describe("Streams and held answers."),
  telemetry: telemetryConfig.prefault({}),
  egress: egressConfig.prefault({}),
  selfProbe: selfProbeConfig.prefault({}),
  drain: z
    .strictObject({
      accept: durationMs({ min: 0, max: minuteMs, default: 2000 }).describe(
        "Accepting goes on this long (ms).",
      ),
      grace: durationMs({ min: 0, max: hourMs, default: 30_000 }).describe(
        "Requests may run on this long (ms).",
      ),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
    })
    .prefault({}),
  transport: transportConfig,
  models: modelsSection.prefault({}),
  targets: z
    .record(name, z.looseObject({ provider: z.enum(providerIds) }))
    .default({})
    .describe("Upstreams by name."),
  routes: z.record(name, route).default({}).describe("Routes by name."),
});

export type GatewayConfig = z.output<typeof configSchema>;
