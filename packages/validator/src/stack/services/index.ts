import { isRecord } from "@loadline/kit/json";
import { meant } from "@loadline/kit/nearest";
import { z } from "zod";
import { furtherKinds } from "./further-kinds.ts";
import { httpService } from "./http.ts";
import { mlflowService } from "./mlflow.ts";
import { postgresService, timescaledbService } from "./postgres.ts";
import { redisService } from "./redis.ts";
import { minioService, s3Service } from "./s3.ts";

/** One row per kind of service; the only registry. */
const kinds = [
  redisService,
  postgresService,
  timescaledbService,
  s3Service,
  minioService,
  mlflowService,
  httpService,
  ...furtherKinds,
] as const;

/** Names of the kinds this build knows. */
export const serviceKinds: readonly string[] = kinds.flatMap((kind) => [...kind.shape.kind.values]);

/** One service of the stack, told apart by `kind`. */
export const serviceSchema = z.discriminatedUnion("kind", kinds, {
  error: (issue) => unknownKind(isRecord(issue.input) ? issue.input["kind"] : undefined),
});

/** What is looked at, and by no service of a stack. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  [
    "openai",
    " A server that speaks OpenAI's API is the `target` of the plan, or one of `targets`.",
  ],
]);

function unknownKind(said: unknown): string {
  if (typeof said !== "string") return `give a kind: ${serviceKinds.join(", ")}`;
  const hint = elsewhere.get(said) ?? meant(said, serviceKinds);
  return `unknown kind ${JSON.stringify(said.slice(0, 40))}; known: ${serviceKinds.join(", ")}.${hint}`;
}

export type StackService = z.infer<typeof serviceSchema>;
export type ServiceOf<K extends StackService["kind"]> = Extract<StackService, { kind: K }>;
