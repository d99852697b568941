import { z } from "zod";
import { serviceUrl } from "./fields.ts";
import { webFields } from "./web-fields.ts";

const versions = ["2025-11-25", "2026-07-28"] as const;

/** A server of the Model Context Protocol over streamable HTTP. */
export const mcpService = z.strictObject({
  kind: z.literal("mcp"),
  protocols: z
    .array(z.enum(versions))
    .min(1)
    .max(2)
    .default(["2025-11-25"])
    .describe("versions of the protocol it is to speak, each checked by itself"),
  tools: z
    .array(z.string().min(1).max(200))
    .max(200)
    .default([])
    .describe("tools that are to be listed"),
  call: z
    .strictObject({
      tool: z.string().min(1).max(200),
      arguments: z.record(z.string(), z.unknown()).default({}).describe("$MARK in texts is filled"),
      expect: z.string().min(1).max(1_000).optional().describe("what the answer's text holds"),
    })
    .optional()
    .describe("a call that changes nothing and is to succeed"),
  ...webFields,
  url: serviceUrl(["http", "https"], { fillsQuery: true }),
});
