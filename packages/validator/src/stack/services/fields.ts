import { z } from "zod";
import { credentialIn, queryReferences } from "../wire/query-secrets.ts";

const needsReference = "give ${env:NAME} or ${file:PATH}";

/** A secret by reference; the plan never holds one. */
export const secretRef = z
  // Words of its own: a password of digits alone is a number, and no message repeats it.
  .string(needsReference)
  .regex(/^\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:[^}]+)\}$/, needsReference)
  .describe("${env:NAME} or ${file:PATH}, never the secret itself");

const bytes = z.int().positive();

/** What every service of a stack may say of itself, whatever its kind. */
export const serviceFields = {
  owner: z.string().min(1).max(80).optional().describe("who answers for it, named in its findings"),
  required: z.boolean().default(true).describe("false: its claims are shown, never counted"),
  version: z
    .string()
    .regex(/^\d+(\.\d+)*$/)
    .optional()
    .describe("declared version, the first numbers of it: 15 or 7.0"),
  listeners: z
    .array(z.string().regex(/^(\*|\[[0-9a-f:]+\]|[\w.-]{1,80}):\d{1,5}$/i, "give host:port"))
    .max(16)
    .default([])
    .describe("host:port where it is to listen on this machine, and nowhere else on that port"),
  volumes: z
    .array(z.string().min(1).max(400))
    .max(64)
    .default([])
    .describe("folders that keep its data"),
  limits: z
    .strictObject({
      memoryBytes: bytes.optional().describe("most memory it may take, bytes"),
      connections: bytes.optional().describe("connections it is to allow"),
    })
    .default({})
    .describe("declared limits, compared with the service's own"),
};

/**
 * A URL of one of these schemes, without a credential in it; `fillsQuery`: the kind reads
 * references in its query.
 */
export function serviceUrl(schemes: readonly string[], o: { readonly fillsQuery?: boolean } = {}) {
  const remedy =
    o.fillsQuery === true
      ? "write ${env:NAME} in its place"
      : "give it as ${env:NAME} in a key beside the url";
  return z
    .string()
    .max(2_000)
    .refine((text) => schemes.includes(URL.parse(text)?.protocol.replace(":", "") ?? ""), {
      error: `give a URL of ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`,
    })
    .refine((text) => (URL.parse(text)?.username ?? "") === "" && !URL.parse(text)?.password, {
      error: "carries a credential; give user and password: ${env:NAME} beside it",
    })
    .superRefine((text, context) => {
      const name = credentialIn(text);
      if (name !== null) {
        const message = `carries a credential in its query (${name}); ${remedy}`;
        context.addIssue({ code: "custom", message });
      }
      if (o.fillsQuery === true || queryReferences(text).length === 0) return;
      context.addIssue({
        code: "custom",
        message: "fills no ${env:NAME} for this kind of service",
      });
    })
    .describe("where it answers, without a credential");
}
