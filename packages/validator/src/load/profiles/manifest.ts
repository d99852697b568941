import { z } from "zod";
import { onlyPlaces, onlySecrets } from "../plan/places.ts";

const path = z.string().startsWith("/");
const json = z.record(z.string(), z.json());
const route = z
  .strictObject({
    method: z
      .string()
      .regex(/^[A-Z]+$/)
      .default("POST"),
    path: path.describe("below the base URL"),
    body: json.optional().describe("${id}, ${text}, ${query} and ${k} are filled in"),
  })
  .superRefine(onlyPlaces("id", "text", "query", "k"));

/** What a built-in profile has to know of a target; every key has a default or may be absent. */
export const profileManifestSchema = z.strictObject({
  model: z.string().min(1).optional().describe("model asked, default the target's first"),
  prompts: z
    .array(z.string().min(1))
    .min(1)
    .max(1_000)
    .default(["Say hello.", "Name one colour.", "What is a load line?", "Count to three."]),
  maxTokens: z.int().min(1).max(4_096).default(16).describe("tokens asked for per request"),
  routes: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z][\w-]{0,30}$/),
        path,
        limitMs: z.number().positive().optional().describe("its p95 limit, default that of all"),
      }),
    )
    .max(20)
    .default([])
    .describe("business routes read by GET, beside chat"),
  health: path.default("/healthz").describe("health route"),
  metrics: path.default("/metrics").describe("route of the target's metrics"),
  limitMs: z.number().positive().default(2_000).describe("p95 limit of declared endpoints, ms"),
  memory: z
    .strictObject({
      series: z
        .array(z.string().min(1))
        .min(1)
        .max(8)
        .optional()
        .describe(
          "of the metrics route, in bytes: resident memory, heap; default process_resident_memory_bytes, none beside `process`",
        ),
      process: z.int().min(1).max(4_194_304).optional().describe("id of a process on this machine"),
      growthMibPerHourMax: z.number().positive().max(1_048_576).default(16),
    })
    .optional()
    .describe("where the target's memory is read; absent: resident memory, where it is told"),
  limiter: z
    .strictObject({
      kind: z.enum(["token_bucket", "fixed_window", "sliding_window"]),
      limit: z.int().min(1).max(1e9).describe("requests per period"),
      periodMs: z.int().min(1).max(86_400_000),
      burst: z.int().min(1).max(1e9).optional().describe("of a token bucket: most at once"),
    })
    .optional()
    .describe("request limit of the key in use; absent: what it admits is not tested"),
  otherKey: z
    .strictObject({
      keyEnv: z
        .string()
        .regex(/^[A-Za-z_]\w*$/)
        .describe("variable that holds the key"),
      limit: z.number().positive().optional().describe("its requests per second, default the same"),
    })
    .optional()
    .describe("a second key with a limit of its own; absent: its claims are not tested"),
  rag: z
    .strictObject({
      ingest: route,
      query: route,
      remove: route.nullable().default(null),
      resultsPath: z.string().describe("dotted path to the list of results"),
      textPath: z.string().describe("dotted path to a result's text"),
      idPath: z.string().optional().describe("dotted path to the id of an ingested document"),
      tenants: z
        .array(
          z.strictObject({
            name: z.string(),
            headers: z
              .record(z.string(), z.string())
              .superRefine(onlySecrets)
              .describe("a secret as ${env:NAME}"),
          }),
        )
        .min(1)
        .default([{ name: "default", headers: {} }]),
    })
    .optional()
    .describe("document store; absent: its claims are not tested"),
  mcp: z
    .strictObject({
      path: path.default("/mcp"),
      version: z.enum(["2025-11-25", "2026-07-28"]).default("2025-11-25"),
      tool: z.string().min(1).describe("tool that is safe to call"),
      args: json.default({}),
    })
    .optional()
    .describe("MCP server; absent: its claims are not tested"),
  rooms: z
    .strictObject({ path, rooms: z.int().min(1).max(1_000).default(1) })
    .optional()
    .describe("WebSocket rooms; absent: their claims are not tested"),
});

export type ProfileManifest = z.output<typeof profileManifestSchema>;
