import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClaimVerdict, fold, planDigest } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterEach, describe, expect, it } from "vitest";
import { createRecorder } from "../evidence/recorder.ts";
import { createRedactor } from "../evidence/redact.ts";
import { sha256 } from "../evidence/sha256.ts";
import { type AbBlock, type Arm, arms, bindJob, type LoadRecord } from "../load/index.ts";
import { armOrder } from "../load/compare/interleave.ts";
import { AbEvidence } from "./ab-evidence.ts";
import { loadRunPlan } from "./run-load-job.ts";

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

const claimId = "all.response_time.p95";
const request = { kind: "http", method: "GET", path: "/" } as const;
const get = { executor: "constant-arrival-rate", rate: 20, durationMs: 1_000, request } as const;
const terms = {
  profile: "test",
  name: "a",
  load: { target: { baseUrl: "http://127.0.0.1:1" }, seed: 7, scenarios: { get }, limits: [] },
  thresholds: {},
  confidence: 0.95,
  waive: [],
  explore: false,
  ab: "http://127.0.0.1:2",
  triples: 100,
};
const byDefault = bindJob(terms);

function tally(
  claim: string,
  observedMs: number | undefined,
  { n = 20, bad = 0, undefined: unknown = 0 }: Counts,
): LoadRecord {
  const terms = { metric: "response_time", series: "get", clock: "intended" } as const;
  return {
    type: "sample.tally",
    claim,
    tally: {
      stream: `load.${claim}`,
      part: "all",
      n,
      bad,
      undefined: unknown,
      slices: [[n, bad]],
      sliceMs: 1_000,
      badBy: {},
      ...(observedMs !== undefined && { observedMs }),
      ...terms,
      over: 0,
      lookCount: 0,
      scheduleHash: "aa",
    },
  };
}

/** Of a block, 20 good answers by default. */
interface Counts {
  readonly n?: number;
  readonly bad?: number;
  readonly undefined?: number;
}

interface Shape {
  /** Figure of an arm; undefined: its percentile is no good answer. */
  readonly ms: (arm: Arm, noise: number, triple: number) => number | undefined;
  readonly counts?: (arm: Arm, triple: number) => Counts;
  readonly breached?: (triple: number, arm: Arm) => boolean;
  /** What the breached guard says of it; default both verdicts of the comparison. */
  readonly says?: {
    readonly invalidates?: "pass" | "fail" | "both";
    readonly of?: string;
    readonly reason?: "gaps" | "generator";
  };
}

function blockOf(triple: number, arm: Arm, noise: number, shape: Shape): AbBlock {
  const counts = shape.counts?.(arm, triple) ?? {};
  const { n = 20, bad = 0 } = counts;
  const isBreached = shape.breached?.(triple, arm) === true;
  const guard = {
    guard: "guard.load.sent",
    holds: !isBreached,
    // What a guard that holds would speak against says nothing of its breaches.
    invalidates: isBreached ? (shape.says?.invalidates ?? "both") : "fail",
    kinds: ["comparison", "proportion"],
    streams: [`load.${shape.says?.of ?? claimId}`],
    reason: shape.says?.reason ?? "gaps",
    seen: "20 sent.",
    figure: "0 dropped",
    limit: "0",
  } as const;
  const account = { scenario: "get", due: n, sent: n, ok: n - bad, bad: {} };
  const tokens = { tokensKnown: 0, tokensUnknown: 0, outputTokens: 0 };
  return {
    triple,
    arm,
    records: [
      { type: "guard", guard },
      tally(claimId, shape.ms(arm, noise, triple), counts),
      tally("load.errors", undefined, { n, bad }),
      { type: "load.ended", reason: "done", accounts: [{ ...account, ...tokens }] },
    ],
  };
}

function decide(
  shape: Shape,
  { whole = true, bound = byDefault, seed = 4 } = {},
): Record<string, ClaimVerdict> {
  const runDir = mkdtempSync(join(tmpdir(), "loadline-ab-"));
  roots.push(runDir);
  const plan = loadRunPlan(bound);
  const digest = planDigest(plan, sha256);
  const recorder = createRecorder({
    runDir,
    run: "run-1",
    planDigest: digest,
    target: "a",
    toolVersion: "0.1.0",
    clock: systemClock(),
    redactor: createRedactor([], Buffer.alloc(32)),
  });
  const evidence = new AbEvidence(bound.bound, recorder);
  const random = seededRandom(seed);
  for (let triple = 0; triple < 100; triple++) {
    for (const arm of arms) {
      evidence.add(blockOf(triple, arm, 1 + 0.1 * (random.unit() - 0.5), shape));
    }
  }
  evidence.end(whole);
  recorder.append({ kind: "run.closed", by: "run", data: { reason: "done" } });
  const o = { chainHead: recorder.head(), planDigest: digest, now: "" };
  const { claims } = fold(plan, recorder.records, o);
  recorder.close();
  return Object.fromEntries(claims.map((claim) => [claim.id, claim]));
}

const short = (claim: ClaimVerdict | undefined): string =>
  `${claim?.verdict} ${claim?.reason ?? "-"}`;

describe("evidence of an A/B run", () => {
  it("equal targets pass, a B that is 30 % slower fails", () => {
    const equal = decide({ ms: (_arm, noise) => 10 * noise });
    expect(short(equal[claimId])).toBe("passed -");
    expect([short(equal["load.errors"]), short(equal["load.alive"])]).toEqual([
      "passed -",
      "passed -",
    ]);
    const slower = decide({ ms: (arm, noise) => (arm === "b" ? 13 : 10) * noise });
    expect(short(slower[claimId])).toBe("failed limit");
  });

  it("a side whose percentile is no good answer is slow, not left out", () => {
    const dead = decide({
      ms: (arm, noise) => (arm === "b" ? undefined : 10 * noise),
      counts: (arm) => (arm === "b" ? { bad: 20 } : {}),
    });
    expect(short(dead[claimId])).toBe("failed limit");
    expect(short(dead["load.errors"])).toBe("failed limit");
    expect(dead["load.errors"]?.sentence).toMatch(/^B: /);
  });

  it.each<readonly [what: string, of: (arm: Arm) => Counts, errors: string]>([
    ["two sides that never answer", () => ({ bad: 20 }), "failed limit"],
    ["a baseline that never answers", (arm) => ({ bad: arm === "b" ? 0 : 20 }), "failed limit"],
    ["answers without the compared figure", () => ({ undefined: 20 }), "passed -"],
    ["blocks too short for one request", () => ({ n: 0 }), "not_tested not_run"],
  ])("%s are no equal ones: nothing is compared", (_what, of, errors) => {
    const isWhole = (arm: Arm): boolean => (of(arm).n ?? 20) > 0 && of(arm).bad === 0;
    const decided = decide({ ms: (arm) => (isWhole(arm) ? 10 : undefined), counts: of });
    expect(short(decided[claimId])).toBe("not_tested not_run");
    expect(short(decided["load.errors"])).toBe(errors);
  });

  it("triples whose baseline did not answer are left out: fewer pairs decide nothing", () => {
    const isDead = (arm: Arm, triple: number): boolean => arm === "again" && triple % 50 === 0;
    const decided = decide({
      ms: (arm, noise, triple) => (isDead(arm, triple) ? undefined : 10 * noise),
      counts: (arm, triple) => ({ bad: isDead(arm, triple) ? 20 : 0 }),
    });
    expect(short(decided[claimId])).toBe("inconclusive too_short");
    expect(decided[claimId]?.sentence).toMatch(/^98 of at least 100/);
  });

  it("a baseline that differs from itself decides nothing", () => {
    const drift = decide({ ms: (arm, noise) => (arm === "again" ? 11.5 : 10) * noise });
    expect(short(drift[claimId])).toBe("inconclusive noise");
  });

  it("a guard breached in one block of twenty holds, in one of ten it takes the verdict", () => {
    const every = (n: number) => (triple: number) => triple % n === 0;
    const ms = (_arm: Arm, noise: number): number => 10 * noise;
    expect(short(decide({ ms, breached: every(20) })[claimId])).toBe("passed -");
    expect(short(decide({ ms, breached: every(10) })[claimId])).toBe("inconclusive gaps");
  });

  it("a breach takes the verdict that it speaks against, of the claims whose blocks had it", () => {
    const breached = (): boolean => true;
    const of = (says: NonNullable<Shape["says"]>, factor: number): string[] => {
      const ms = (arm: Arm, noise: number): number => (arm === "b" ? factor : 1) * 10 * noise;
      const decided = decide({ ms, breached, says });
      return [short(decided[claimId]), short(decided["load.errors"])];
    };
    expect(of({ invalidates: "pass" }, 1)).toEqual(["inconclusive gaps", "passed -"]);
    expect(of({ invalidates: "pass" }, 1.3)).toEqual(["failed limit", "passed -"]);
    expect(of({ invalidates: "fail" }, 1.3)).toEqual(["inconclusive gaps", "passed -"]);
    expect(of({ of: "errors" }, 1)).toEqual(["passed -", "inconclusive gaps"]);
  });

  it("delays of ours take a pass where more than a quarter of the triples have one in any block", () => {
    const of = (every: number, factor: number, only?: Arm): string => {
      const ms = (arm: Arm, noise: number): number => (arm === "b" ? factor : 1) * 10 * noise;
      const breached = (triple: number, arm: Arm): boolean =>
        triple % every === 0 && (only === undefined || arm === only);
      const says = { invalidates: "pass", reason: "generator" } as const;
      return short(decide({ ms, breached, says })[claimId]);
    };
    expect([of(4, 1), of(3, 1)]).toEqual(["passed -", "inconclusive generator"]);
    // One block of three is enough to move its pair: a ninth of all blocks.
    expect([of(4, 1, "a"), of(3, 1, "a")]).toEqual(["passed -", "inconclusive generator"]);
    expect(of(1, 1.3)).toBe("failed limit");
  });

  describe("of a machine that slows down by a quarter meanwhile", () => {
    const thresholds = { response_time: [{ threshold: "p(95)<baseline+5%" }] };
    const bound = bindJob({ ...terms, thresholds });
    const triples = 100;
    const slower = (place: number): number => 1 + (0.25 * place) / (3 * triples);
    /** Verdicts of so many runs whose B is slower by a factor, by where each block stands in time. */
    const verdicts = (runs: number, factor: number, placeOf: typeof shuffled): string[] =>
      Array.from({ length: runs }, (_, seed) => {
        const ms: Shape["ms"] = (arm, noise, triple) =>
          10 * noise * (arm === "b" ? factor : 1) * slower(placeOf(seed, triple, arm));
        return String(decide({ ms }, { bound, seed })[claimId]?.verdict);
      });
    const shuffled = (seed: number, triple: number, arm: Arm): number =>
      3 * triple + (armOrder(triples, seed)[triple] ?? []).indexOf(arm);
    const oneAfterTheOther = (_seed: number, triple: number, arm: Arm): number =>
      triples * arms.indexOf(arm) + triple;

    it("twenty comparisons of a target with itself find no regression", () => {
      expect(verdicts(20, 1, shuffled).filter((one) => one === "failed")).toEqual([]);
    });

    it("a tenth more is found in nine runs of ten", () => {
      const found = verdicts(10, 1.1, shuffled).filter((one) => one === "failed");
      expect(found.length).toBeGreaterThanOrEqual(9);
    });

    it("one arm after the other, the drift would be taken for a difference: no run passes", () => {
      expect(verdicts(5, 1, oneAfterTheOther)).not.toContain("passed");
    });
  });

  it("a run that was cut short closes no sample", () => {
    const cut = decide({ ms: (_arm, noise) => 10 * noise }, { whole: false });
    expect(short(cut[claimId])).toBe("not_tested cancelled");
  });
});
