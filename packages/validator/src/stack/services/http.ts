import { z } from "zod";
import { secretRef, serviceFields, serviceUrl } from "./fields.ts";

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
    })
    .optional()
    .describe("what browsers are told"),
  compressed: path.optional().describe("route whose answer is to be compressed"),
  cached: path.optional().describe("route with an ETag"),
  ...serviceFields,
});
