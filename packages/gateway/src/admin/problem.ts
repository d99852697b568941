import type { LoadlineError } from "@loadline/kit/errors";
import { z } from "zod";
import { type GatewayErrorCode, gatewayErrors } from "../errors.ts";

/** The body of every error of the admin API (RFC 9457). */
export const problemSchema = z.strictObject({
  type: z.string().describe("Names the kind of problem: `urn:loadline:error:<code>`."),
  title: z.string().describe("What happened, the same for every occurrence."),
  status: z.int().describe("The HTTP status."),
  detail: z.string().describe("What happened this time, and what to do."),
  instance: z.string().describe("Names this occurrence: `urn:loadline:request:<request id>`."),
  code: z.string().describe("The code of docs/reference/errors.md."),
  param: z.string().optional().describe("The member or parameter that is wrong."),
});

export type Problem = z.output<typeof problemSchema>;

export const problemType = "application/problem+json";

export interface ProblemFacts {
  readonly code: GatewayErrorCode;
  readonly message?: string | undefined;
  readonly param?: string | undefined;
}

/** The problem for a code of the table; `message` replaces its summary in `detail`. */
export function problemOf(facts: ProblemFacts, requestId: string): Problem {
  const row = gatewayErrors.table[facts.code];
  const { code, param } = facts;
  return {
    type: `urn:loadline:error:${code}`,
    title: row.summary,
    status: statusOf(code),
    detail: `${facts.message ?? row.summary} ${row.remedy}`,
    instance: `urn:loadline:request:${requestId}`,
    code,
    ...(param !== undefined && param !== "" && { param }),
  };
}

/** The code of an error of ours as one of the gateway's table; anything else is unforeseen. */
export function factsOf(error: LoadlineError): ProblemFacts {
  const { code, message, param } = error;
  return isCode(code) ? { code, message, param } : { code: "LL_INTERNAL_UNEXPECTED" };
}

export function statusOf(code: GatewayErrorCode): number {
  const row = gatewayErrors.table[code];
  return "status" in row ? row.status : 500;
}

function isCode(code: string): code is GatewayErrorCode {
  return Object.hasOwn(gatewayErrors.table, code);
}
