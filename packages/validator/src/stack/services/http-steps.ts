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

/** Where a step has what an earlier one took. */
export const hole = /\{\{([a-z][a-z0-9_]*)\}\}/g;
const reference = /\$\{(env|file):[^}]+\}/;
const wholeReference = /^\$\{(env|file):[^}]+\}$/;

type Texts = readonly (readonly [path: readonly (string | number)[], text: string])[];

/** All texts in a value, with where they stand. */
function textsIn(value: unknown, path: readonly (string | number)[]): Texts {
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, [...path, key]));
}

/** What of a step would be sent as it is written, and is meant to be filled in. */
function unfilled(step: HttpStep, taken: ReadonlySet<string>) {
  const own = [...textsIn(step.path, ["path"]), ...textsIn(step.headers, ["headers"])];
  const nobody = own.flatMap(([path, text]) => {
    const left = text.replaceAll(hole, (all, name: string) => (taken.has(name) ? "" : all));
    const [name] = /\{\{[^}]*\}{0,2}/.exec(left) ?? [];
    return name === undefined ? [] : [{ path, message: `no step before takes ${name}` }];
  });
  const message = "a reference is the whole of a value: only then it is its secret";
  const mixed = [...own, ...textsIn(step.json, ["json"])]
    .filter(([, text]) => reference.test(text) && !wholeReference.test(text))
    .map(([path]) => ({ path, message }));
  return [...nobody, ...mixed];
}

/** Calls one after another, as a shell script makes them, each with what it is to be answered. */
export const httpSteps = z
  .record(name, z.array(stepSchema).min(1).max(20))
  .refine((all) => Object.keys(all).length <= 20, { error: "give at most 20 sequences" })
  .superRefine((all, context) => {
    for (const [sequence, steps] of Object.entries(all)) {
      const taken = new Set<string>();
      for (const [index, step] of steps.entries()) {
        for (const { path, message } of unfilled(step, taken))
          context.addIssue({ code: "custom", path: [sequence, index, ...path], message });
        for (const one of Object.keys(step.take)) taken.add(one);
      }
    }
  })
  .default({})
  .describe("sequences of calls by name, such as a login, a call with its token and a logout");
