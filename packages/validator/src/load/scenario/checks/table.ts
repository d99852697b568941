import { z } from "zod";
import type { AnswerView } from "../answer.ts";
import type { CheckNeed, LoadCheck } from "./check.ts";
import { containsCheck } from "./contains.ts";
import { headerCheck } from "./header.ts";
import { jsonCheck } from "./json.ts";
import { outcomeCheck } from "./outcome.ts";
import { sizeCheck } from "./size.ts";
import { statusCheck } from "./status.ts";
import { timeCheck } from "./time.ts";
import { tokensCheck } from "./tokens.ts";

/** Every kind of check a plan may name: the one table. */
export const loadChecks = {
  status: statusCheck,
  outcome: outcomeCheck,
  header: headerCheck,
  contains: containsCheck,
  json: jsonCheck,
  bytes: sizeCheck,
  within: timeCheck,
  tokens: tokensCheck,
} as const;

const optional = <T>(check: LoadCheck<T>): z.ZodOptional<z.ZodType<T>> =>
  check.schema.describe(check.summary).optional();

/** A check of a plan: its name, and every kind of check that must hold for it. */
export const checkSchema = z
  .strictObject({
    name: z.string().min(1).max(120).describe("counted under this name"),
    required: z.boolean().default(false).describe("a failing check makes its request bad"),
    status: optional(statusCheck),
    outcome: optional(outcomeCheck),
    header: optional(headerCheck),
    contains: optional(containsCheck),
    json: optional(jsonCheck),
    bytes: optional(sizeCheck),
    within: optional(timeCheck),
    tokens: optional(tokensCheck),
  })
  .refine((check) => Object.keys(check).length > 2, "asks for nothing");

export type CheckSpec = z.output<typeof checkSchema>;

/** Whether every condition of a check holds for an answer. Never throws. */
export function checkHolds(spec: CheckSpec, answer: AnswerView): boolean {
  return judges.every((judge) => judge(spec, answer));
}

/** What a check needs to be kept of the answer. */
export function checkNeeds(spec: CheckSpec): CheckNeed {
  const body = Object.values(loadChecks).some(
    ({ id, needs }) => needs === "body" && Object.hasOwn(spec, id),
  );
  return body ? "body" : "head";
}

type Judge = (spec: CheckSpec, answer: AnswerView) => boolean;

function judgeOf<T>(check: LoadCheck<T>, wantedOf: (spec: CheckSpec) => T | undefined): Judge {
  return (spec, answer) => {
    const wanted = wantedOf(spec);
    return wanted === undefined || check.holds(answer, wanted);
  };
}

const judges: readonly Judge[] = [
  judgeOf(statusCheck, (spec) => spec.status),
  judgeOf(outcomeCheck, (spec) => spec.outcome),
  judgeOf(headerCheck, (spec) => spec.header),
  judgeOf(containsCheck, (spec) => spec.contains),
  judgeOf(jsonCheck, (spec) => spec.json),
  judgeOf(sizeCheck, (spec) => spec.bytes),
  judgeOf(timeCheck, (spec) => spec.within),
  judgeOf(tokensCheck, (spec) => spec.tokens),
];
