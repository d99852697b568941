import { meant } from "@loadline/kit/nearest";
import { z } from "zod";
import { cycleOf } from "./graph.ts";
import { serviceSchema } from "./services/index.ts";
import { procRoot } from "./services/web-fields.ts";

const name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,39}$/, "a lower-case name such as db")
  .refine((text) => text !== "edge", { error: "edge is taken by the edges' own claims" });

const edgeSchema = z.strictObject({
  from: z.string().describe("service that uses the other"),
  to: z.string().describe("service that is used"),
  required: z.boolean().default(true).describe("false: shown, never counted"),
  send: z
    .strictObject({
      method: z.enum(["GET", "POST", "PUT", "DELETE"]).default("POST"),
      path: z.string().startsWith("/").max(2_000).describe("under the url of `from`; $MARK in it"),
      json: z.unknown().optional().describe("body; $MARK in it is replaced by a name of this run"),
    })
    .optional()
    .describe("a request to `from` that makes it use `to`"),
  find: z
    .strictObject({
      sql: z.string().min(1).max(4_000).optional().describe("a query of `to` that gives rows"),
      statement: z
        .string()
        .min(1)
        .max(200)
        .optional()
        .describe(
          "how a statement begins that `to`, a PostgreSQL, is to tell of as the last of a session; where none is found, as after COMMIT, the edge is not tested",
        ),
      key: z.string().min(1).max(1_000).optional().describe("a key or an object of `to`"),
      cypher: z
        .string()
        .min(1)
        .max(4_000)
        .optional()
        .describe("a query of a graph that gives rows"),
      points: z
        .strictObject({
          collection: z
            .string()
            .regex(/^[\w.-]{1,255}$/)
            .describe("collection of `to`"),
          field: z.string().min(1).max(200).describe("payload field that holds $MARK"),
        })
        .optional()
        .describe("points of a vector store"),
    })
    .optional()
    .describe("what is in `to` afterwards; $MARK in it"),
});

/** The stack as its owner declares it: services and what crosses between them. */
export const stackSchema = z
  .strictObject({
    name: z.string().min(1).max(80).default("stack").describe("name in reports"),
    timeoutMs: z
      .int()
      .min(100)
      .max(60_000)
      .default(10_000)
      .describe("most time one check may take, ms"),
    procRoot: procRoot.describe("mount of procfs that tells of listeners and volumes"),
    services: z.record(name, serviceSchema).describe("services by name"),
    edges: z.array(edgeSchema).max(200).default([]).describe("who uses whom"),
  })
  .superRefine((stack, context) => {
    const names = Object.keys(stack.services);
    if (names.length === 0 || names.length > 100) {
      const message = "give 1 to 100 services";
      context.addIssue({ code: "custom", path: ["services"], message });
    }
    for (const [index, edge] of stack.edges.entries()) {
      for (const end of ["from", "to"] as const) {
        if (names.includes(edge[end])) continue;
        const hint = meant(edge[end], names);
        const message = `there is no service ${edge[end]}.${hint}`;
        context.addIssue({ code: "custom", path: ["edges", index, end], message });
      }
    }
    const seen = new Set<string>();
    for (const [index, { from, to }] of stack.edges.entries()) {
      const pair = `${from} -> ${to}`;
      if (seen.has(pair)) {
        const message = `${pair} is declared twice`;
        context.addIssue({ code: "custom", path: ["edges", index], message });
      }
      seen.add(pair);
    }
    const cycle = cycleOf(stack.edges);
    if (cycle === null) return;
    const at = stack.edges.findIndex(
      (edge) => edge.from === cycle.at(-2) && edge.to === cycle.at(-1),
    );
    const message = `the edges go round: ${cycle.join(" -> ")}`;
    context.addIssue({ code: "custom", path: ["edges", Math.max(at, 0)], message });
  });

export type StackManifest = z.infer<typeof stackSchema>;
export type StackEdge = StackManifest["edges"][number];
