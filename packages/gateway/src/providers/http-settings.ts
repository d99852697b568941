import { z } from "zod";
import { secretValue } from "../config/values.ts";
import { transportSettings } from "./transport.ts";

const member = z.string().min(1).max(64);
const members = z.array(member).max(64);
const bounds = z
  .strictObject({ min: z.number().optional(), max: z.number().optional() })
  .refine(({ min = -Infinity, max = Infinity }) => min <= max, "its min is over its max");
const names = z
  .record(member, member)
  .refine(
    (given) => new Set(Object.values(given)).size === Object.keys(given).length,
    "two members get one name",
  );
/** What a header may hold; the upstream's client refuses it else, at the first call. */
const headerText = /^[\x21-\x7e]+$/;
const key = secretValue.refine(
  (secret) => headerText.test(secret.reveal()),
  "a key is one line of visible characters without a space",
);

/** Settings of every target that is reached over HTTP. */
export const httpSettings = {
  model: z.string().min(1).max(256).describe("The model's name at the upstream."),
  keys: z
    .array(key)
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
      rename: names.optional().describe("New names of members."),
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
    .refine((text) => URL.parse(text)?.port !== "0", "nobody listens on port 0")
    .refine(isBare, "an address has no user, query or fragment: a credential is written in keys");
  return (fallback === undefined ? url : url.default(fallback)).describe(description);
}
