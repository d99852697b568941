import { z } from "zod";
import { duration } from "./fields.ts";
import { onlyPlaces, onlySecrets } from "./places.ts";

const path = z.string().startsWith("/", "starts with /");
const headers = z.record(z.string(), z.string()).superRefine(onlySecrets);
const shape = z.record(z.string(), z.json());
/** Of what is sent to rooms, and of what comes from them, where nothing is filled. */
const sent = shape.superRefine(onlyPlaces("room", "id", "text"));
const heard = shape.superRefine(onlyPlaces());

/** How the target speaks MCP. */
export const mcpSchema = z.strictObject({
  version: z.enum(["2025-11-25", "2026-07-28"]).default("2025-11-25"),
  path: path.default("/mcp").describe("below the base URL"),
  headers: headers.optional(),
  sessions: z.int().min(1).max(100_000).optional().describe("kept at once, default 1,024"),
  expect: z
    .array(z.enum(["tool_error", "protocol_error"]))
    .optional()
    .describe("ends that are as good as a result"),
});

const route = z
  .strictObject({
    method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    path: path.describe("${id}, ${text}, ${query} and ${k} are filled in, as in `body`"),
    body: shape.optional(),
  })
  .superRefine(onlyPlaces("id", "text", "query", "k"));

/** How the target's document store is spoken to. */
export const ragSchema = z.strictObject({
  ingest: route,
  query: route,
  remove: route.nullable().default(null).describe("null: what was planted stays"),
  tenants: z
    .array(z.strictObject({ name: z.string().min(1), headers }))
    .min(1)
    .max(100)
    .default([{ name: "default", headers: {} }])
    .describe("leaks between tenants are looked for from two on"),
  idPath: z.string().min(1).optional().describe("of the id in the answer to an ingest"),
  resultsPath: z.string().min(1).describe("of the list of results in the answer to a query"),
  textPath: z.string().min(1).describe("of the text in each result"),
  topK: z.int().min(1).max(1000).optional(),
  poll: duration.optional().describe("between two looks, default 250ms"),
  visibleWithin: duration.optional().describe("default 10s"),
});

/** How the target's rooms are spoken to. */
export const roomsSchema = z.strictObject({
  path,
  rooms: z.int().min(1).max(10_000).optional().describe("members are spread over, default 1"),
  headers: headers.optional(),
  dialect: z
    .strictObject({
      join: sent.optional(),
      say: sent.optional(),
      echo: sent.nullable().optional(),
      joined: heard.optional(),
      said: heard.optional(),
      ack: heard.nullable().optional(),
      echoed: heard.nullable().optional(),
      presence: heard.nullable().optional(),
      idField: z.string().min(1).optional(),
      membersField: z.string().min(1).optional(),
    })
    .optional()
    .describe("what differs from the default dialect"),
  textBytes: z.int().min(1).max(1_048_576).optional(),
  deliverWithin: duration.optional().describe("a later delivery is none, default 5s"),
  answerWithin: duration.optional().describe("a later answer is none, default 30s"),
});
