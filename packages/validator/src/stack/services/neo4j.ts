import { z } from "zod";
import { webFields } from "./web-fields.ts";

/** Neo4j over its HTTP query API. */
export const neo4jService = z.strictObject({
  kind: z.literal("neo4j"),
  database: z
    .string()
    .regex(/^[a-z][a-z0-9.-]{2,62}$/)
    .default("neo4j")
    .describe("database the check writes to"),
  ...webFields,
});
