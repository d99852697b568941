import type { VerdictDocument } from "@loadline/contract";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { breakages } from "../../examples/quant-stack/breakages.ts";
import { type QuantStack, startQuantStack } from "../../examples/quant-stack/stack.ts";
import { quietest } from "./machine.ts";
import { validatePlan } from "./stack-claims.ts";

const core = await requireParts(["postgres-15", "redis"], { rows: ["R1-01", "R1-04", "R1-20"] });
const minio = await requireParts(["minio"], { rows: ["R1-03", "R1-16"] });
const mlflow = await requireParts(["mlflow"], { rows: ["R1-02", "R1-15", "R1-19"] });
const gone = { minio: minio.missing, mlflow: minio.missing || mlflow.missing };

describe.skipIf(core.missing)("the quant stack for real", () => {
  let stack: QuantStack;

  beforeAll(async () => {
    stack = await startQuantStack();
  }, 300_000);

  afterAll(async () => {
    await stack.stop();
  }, 60_000);

  const having = ({ claims }: VerdictDocument, word: string): string[] =>
    claims
      .filter((claim) => claim.verdict === word)
      .map(({ id }) => id.replace("stack.", ""))
      .sort();

  /** Until nothing but `red` is open: on a busy machine a service may be late once. */
  const validate = (red: readonly string[] = []): Promise<VerdictDocument> =>
    quietest(
      () => validatePlan(stack.plan, stack.secrets),
      (verdict) =>
        having(verdict, "error").length === 0 && having(verdict, "failed").join() === red.join(),
      3,
    );

  it("is green: every declared check and edge is passed [R1-20]", async () => {
    const verdict = await validate();
    const open = verdict.claims.filter((claim) => claim.verdict !== "passed");
    expect(open.map(({ id, verdict: word, sentence }) => [id, word, sentence])).toEqual([]);
    expect(verdict.outcome).toBe("READY");
    expect(verdict.claims.length).toBeGreaterThan(20);
  }, 240_000);

  for (const broken of breakages) {
    const isGone = broken.needs !== undefined && gone[broken.needs];
    it.skipIf(isGone)(
      `${broken.title}: exactly ${broken.red.join(" and ")} turn red`,
      async () => {
        const red = [...broken.red].sort();
        try {
          await broken.apply(stack);
          const verdict = await validate(red);
          expect(having(verdict, "failed")).toEqual(red);
          expect(having(verdict, "error")).toEqual([]);
          expect(verdict.outcome).toBe("NOT_READY");
        } finally {
          // The next breakage needs a stack that is whole.
          await broken.undo(stack);
        }
      },
      240_000,
    );
  }
});
