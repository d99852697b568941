import { z } from "zod";
import { secretValue } from "../config/values.ts";
import { transportSettings } from "./transport.ts";

const member = z.string().min(1).max(64);
const members = z.array(member).max(64);
const bounds = z.strictObject({ min: z.number().optional(), max: z.number().optional() });

/** Settings of every target that is reached over HTTP. */
export const httpSettings = {
  model: z.string().min(1).max(256).describe("The model's name at the upstream."),
  keys: z
    .array(secretValue)
    .max(16)
    .default([])
    .describe("Secret references; each request takes one of them. Empty: none is sent."),
  connectionsMax: z.int().min(1).max(4096).default(256).describe("Connections per process."),
  ...transportSettings,
  params: z
    .strictObject({
      keep: members.optional().describe("Only these members of a request are sent."),
      drop: members.optional().describe("Members of a request that are not sent."),
      clamp: z.record(member, bounds).optional().describe("Bounds of numeric members."),
      rename: z.record(member, member).optional().describe("New names of members."),
    })
    .optional()
    .describe("What is done to the members of a request, after the provider's own rules."),
  unsupported: z
    .enum(["reject", "drop"])
    .default("reject")
    .describe("What becomes of a field that a translation to this target cannot carry."),
};

/** Nothing beside host and path is sent, and all of an address is shown. */
function isBare(text: string): boolean {
  const url = URL.parse(text);
  return url === null || url.username + url.password + url.search + url.hash === "";
}

/** A base URL; `fallback` is the provider's public one. */
export function baseUrl(description: string, fallback?: string) {
  const url = z
    .url({ protocol: /^https?$/ })
    .refine(isBare, "an address has no user, query or fragment: a credential is written in keys");
  return (fallback === undefined ? url : url.default(fallback)).describe(description);
}
