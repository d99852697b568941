import { z } from "zod";
import { webFields } from "./web-fields.ts";

const path = z.string().startsWith("/").max(500);

/** A store of documents that are found by what they say. */
export const ragService = z.strictObject({
  kind: z.literal("rag"),
  documents: path.default("/rag/documents").describe("POST {id, text}; DELETE below it by id"),
  query: path.default("/rag/query").describe("POST {query, top_k} gives {results: [{id, text}]}"),
  tenantHeader: z
    .string()
    .regex(/^[a-z0-9-]{1,60}$/)
    .default("x-tenant"),
  tenants: z
    .array(z.string().min(1).max(100))
    .max(2)
    .default([])
    .describe("two tenants: neither is to find what the other wrote"),
  ...webFields,
});
