import { z } from "zod";

const name = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, "a lower-case name such as token");
const dotted = z.string().min(1).max(200);
const scalar = z.union([z.string().max(2_000), z.number(), z.boolean(), z.null()]);

const stepSchema = z.strictObject({
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]).default("GET"),
  path: z.string().startsWith("/").max(2_000).describe("under the url; {{name}} is what was taken"),
  headers: z
    .record(z.string().regex(/^[\w-]{1,60}$/), z.string().max(2_000))
    .default({})
    .describe("headers; {{name}} is what was taken, a value that is a reference is its secret"),
  json: z.unknown().optional().describe("body, filled in as the headers are"),
  status: z
    .union([z.int().min(100).max(599), z.array(z.int().min(100).max(599)).min(1).max(10)])
    .default(200)
    .describe("status, or one of several, that the answer is to have"),
  contains: z.string().min(1).max(2_000).optional().describe("text that is to be in the body"),
  equals: z
    .record(dotted, scalar)
    .default({})
    .describe("members of the answer by their dotted path, and what each is to be"),
  take: z
    .record(name, dotted)
    .default({})
    .describe("names for members of the answer, as later steps call them; never shown"),
});

export type HttpStep = z.infer<typeof stepSchema>;

/** Calls one after another, as a shell script makes them, each with what it is to be answered. */
export const httpSteps = z
  .record(name, z.array(stepSchema).min(1).max(20))
  .refine((all) => Object.keys(all).length <= 20, { error: "give at most 20 sequences" })
  .default({})
  .describe("sequences of calls by name, such as a login, a call with its token and a logout");
