import { describe, expect, it } from "vitest";
import { errorBody as anthropicBody } from "./anthropic-messages/errors.ts";
import { gatewayErrors } from "../errors.ts";
import { errorBody } from "./envelope.ts";

const refusal = { code: "LL_AUTH_MISSING" } as const;
const { remedy } = gatewayErrors.table.LL_AUTH_MISSING;
const span = { id: "span", startedMs: 1, endedMs: 13 };
const attempts = [{ target: "a", failure: "reset", status: 503, ms: 12, span }] as const;

describe.each([
  ["OpenAI's", errorBody],
  ["Anthropic's", anthropicBody],
])("%s error envelope", (_, bodyOf) => {
  const ownOf = (body: string): unknown =>
    (JSON.parse(body) as { error: { loadline: unknown } }).error.loadline;

  it("names the request and the remedy, and no attempt where none was made", () => {
    expect(ownOf(bodyOf(refusal, "req-1"))).toEqual({ requestId: "req-1", remedy });
  });

  it("shows of each attempt its target, class, status and ms, nothing else", () => {
    expect(ownOf(bodyOf(refusal, "req-1", attempts))).toEqual({
      requestId: "req-1",
      remedy,
      attempts: [{ target: "a", class: "reset", status: 503, ms: 12 }],
    });
  });
});
