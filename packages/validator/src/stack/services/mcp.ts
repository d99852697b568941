import { z } from "zod";
import { serviceUrl } from "./fields.ts";
import { webFields } from "./web-fields.ts";

const versions = ["2025-11-25", "2026-07-28"] as const;

type McpVersion = (typeof versions)[number];

/** The versions that are tried: the declared ones, or the one that most servers speak. */
export const protocolsOf = (service: {
  readonly protocols?: readonly McpVersion[] | undefined;
}): readonly McpVersion[] => service.protocols ?? ["2025-11-25"];

/** A server of the Model Context Protocol over streamable HTTP. */
export const mcpService = z.strictObject({
  kind: z.literal("mcp"),
  protocols: z
    .array(z.enum(versions))
    .min(1)
    .max(2)
    .optional()
    .describe(
      "versions of the protocol it is to speak, each checked by itself; absent: 2025-11-25 is tried, and a server of another version is not tested",
    ),
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
