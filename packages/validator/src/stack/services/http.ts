import { z } from "zod";
import { secretRef, serviceFields, serviceUrl } from "./fields.ts";
import { httpSteps } from "./http-steps.ts";

const path = z.string().startsWith("/").max(500);
const origin = z.string().regex(/^https?:\/\/[^/]+$/, "an origin such as https://app.example");

/** An HTTP API. */
export const httpService = z.strictObject({
  kind: z.literal("http"),
  url: serviceUrl(["http", "https"]),
  token: secretRef.optional().describe("bearer token of its calls"),
  health: path.default("/health").describe("route that answers 200 when it is healthy"),
  openapi: path.optional().describe("route of its OpenAPI document, JSON"),
  cors: z
    .strictObject({
      path: path.default("/").describe("route that browsers call"),
      allowed: origin.describe("origin that may"),
      foreign: origin.default("https://foreign.invalid").describe("origin that may not"),
      method: z
        .enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .default("GET")
        .describe("method the browser asks for"),
      headers: z
        .array(z.string().regex(/^[\w-]{1,60}$/))
        .max(20)
        .default([])
        .describe("headers the browser asks for, such as authorization"),
      credentials: z.boolean().default(false).describe("true: it may send its cookies"),
    })
    .optional()
    .describe("what browsers are told"),
  accepts: z
    .strictObject({
      path: path.describe("route that takes JSON by POST"),
      bodyBytesMax: z
        .int()
        .min(1)
        .max(32 * 1024 * 1024)
        .optional()
        .describe("largest body it takes, bytes; a larger one is to be refused with 413"),
    })
    .optional()
    .describe("where JSON that is broken, or too large, is to be refused"),
  refusals: z
    .array(
      z.strictObject({
        method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]).default("POST"),
        path,
        json: z.unknown().optional().describe("body"),
        status: z.int().min(400).max(599).describe("what it is to be refused with"),
      }),
    )
    .max(20)
    .default([])
    .describe("further calls that are wrong, such as a value of another type and 422"),
  compressed: path.optional().describe("route whose answer is to be compressed"),
  cached: path.optional().describe("route with an ETag"),
  steps: httpSteps,
  ...serviceFields,
});
