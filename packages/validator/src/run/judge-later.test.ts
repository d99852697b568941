import { startMiniRun } from "@loadline/contract";
import { createHistogram, encodeHdr } from "@loadline/kit/histogram";
import { describe, expect, it } from "vitest";
import { sha256 } from "../evidence/sha256.ts";
import { judgeStoredRun, readLaterAsk } from "./judge-later.ts";

function encoded(ms: readonly number[]): string {
  const histogram = createHistogram();
  for (const one of ms) histogram.record(one * 1_000);
  return encodeHdr(histogram);
}

/** A run of one scenario, with good answers of these times and these failures. */
function storedRun(o: {
  readonly ms: readonly number[];
  readonly bad?: Readonly<Record<string, number>>;
  /** A guard that the run breached; of the scenario's claims, against both, unless it says so. */
  readonly breached?: Readonly<Record<string, unknown>>;
  /** What the run recorded of its generator; null: nothing. */
  readonly generator?: {
    readonly lagMs?: number;
    readonly cpu?: number;
    readonly executor?: string;
  } | null;
  /** Which claim's sample was cut off; default none. */
  readonly open?: string;
  /** The claim that ended the run early. */
  readonly stop?: string;
}) {
  const log = `#[head]\nTag=web_site.response_time,0.000,9.000,1.000,${encoded(o.ms)}\n`;
  const bytes = Buffer.from(log);
  const digest = sha256(bytes);
  const run = startMiniRun([], { digest: sha256 });
  const failed = Object.values(o.bad ?? {}).reduce((sum, count) => sum + count, 0);
  const n = o.ms.length + failed;
  // Windows of one claim, a step of another, one turned round: the whole is that of the first.
  const halves = [Math.floor(n / 2), Math.ceil(n / 2)] as const;
  const whole = { series: "web site", metric: "response_time", bad: 0, stream: "load.slow" };
  run.tally("turned", { ...whole, metric: "errors", n, badBy: { answered: o.ms.length } });
  run.tally("slow", { ...whole, n: halves[0], badBy: o.bad ?? {} });
  run.tally("slow", { ...whole, n: halves[1], badBy: { over_limit: 9 } });
  run.tally("a.step", { ...whole, series: "web site/x", n: 9e6, badBy: {} });
  run.tally("a.figure", { ...whole, metric: "figure", n: 9e6, badBy: {} });
  for (const claim of ["turned", "slow", "a.step", "a.figure"]) {
    const data = { stream: "stream", part: "all" };
    if (claim !== o.open) run.add({ kind: "sample.closed", claims: [claim], data });
  }
  if (o.stop !== undefined) run.add({ kind: "note", data: { stop: { claim: o.stop } } });
  const guard = { guard: "guard.load.local", streams: ["load.slow"], reason: "generator" };
  run.add({ kind: "guard", data: { ...guard, holds: o.breached === undefined, ...o.breached } });
  const { lagMs = 0.3, cpu = 0.2, executor = "constant-arrival-rate" } = o.generator ?? {};
  if (o.generator !== null) {
    const loop = { loopMeanMs: 0.1, loopP99Ms: 0.8, loopMaxMs: 4, pressurePercent: 3 };
    const waits = {
      scenario: "web site",
      pacerLag: [
        [0.5, 0.1],
        [0.99, lagMs],
      ],
    };
    const scenarios = [{ scenario: "web site", executor }];
    run.add({ kind: "note", data: { type: "load.started", scenarios } });
    run.add({ kind: "note", data: { type: "host", host: { ...loop, cpuP90: cpu } } });
    run.add({ kind: "note", data: { type: "waits", waits } });
  }
  run.add({ kind: "note", data: { artifact: { name: "histograms.hdr", digest } } });
  return { run, files: new Map([[`artifacts/${digest}`, bytes]]) };
}

const judged = (o: Parameters<typeof storedRun>[0], expression: string, scenario = "web site") => {
  const { run, files } = storedRun(o);
  const ask = readLaterAsk("response_time", expression);
  return judgeStoredRun(run, files, { ...ask, scenario });
};
const quick = Array.from({ length: 100 }, (_, i) => 20 + i / 100);

describe("a limit on a stored run that its plan did not have", () => {
  it("is decided from its histogram and all that was due, failures over it", () => {
    const whole = { scenario: "web site", reason: null };
    expect(judged({ ms: quick }, "p(95)<100ms")).toEqual([
      { ...whole, n: 100, sure: 0, possible: 0, verdict: "passed" },
    ]);
    expect(judged({ ms: quick }, "p(95)<10ms")).toEqual([
      { ...whole, n: 100, sure: 100, possible: 100, verdict: "failed" },
    ]);
    expect(judged({ ms: quick, bad: { reset: 15, status_5xx: 5 } }, "p(95)<100ms")).toEqual([
      { ...whole, n: 120, sure: 20, possible: 20, verdict: "failed" },
    ]);
  });

  describe("and guards", () => {
    const said = (o: Omit<Parameters<typeof storedRun>[0], "ms">, expression: string): string => {
      const [row] = judged({ ms: quick, ...o }, expression);
      return `${row?.verdict} ${row?.guard ?? row?.reason ?? "-"}`;
    };
    const [passes, fails] = ["p(95)<100ms", "p(95)<10ms"];

    it.each<readonly [string, Record<string, unknown>, string]>([
      ["that does not say whether it held", { holds: "no" }, "control"],
      ["without a word on it", { holds: null }, "control"],
      ["of streams that are no list", { streams: "load.other" }, "control"],
      ["against nobody knows what", { invalidates: "maybe" }, "guard.load.local"],
      ["of a name that is no text", { guard: 7 }, "generator"],
    ])("one %s may have been breached: nothing is decided", (_what, breached, why) => {
      for (const expression of [passes, fails]) {
        expect(said({ breached }, expression)).toBe(`inconclusive ${why}`);
      }
    });

    it.each<readonly [string, Record<string, unknown>, string, string]>([
      ["for its scenario", {}, "inconclusive guard.load.local", "inconclusive guard.load.local"],
      [
        "for every stream",
        { streams: ["*"] },
        "inconclusive guard.load.local",
        "inconclusive guard.load.local",
      ],
      ["for another load of the run", { streams: ["load.other"] }, "passed -", "failed -"],
      ["against passes", { invalidates: "pass" }, "inconclusive guard.load.local", "failed -"],
      ["against failures", { invalidates: "fail" }, "passed -", "inconclusive guard.load.local"],
    ])(
      "one that the run breached %s takes back what it speaks against",
      (_what, breached, pass, fail) => {
        expect([said({ breached }, passes), said({ breached }, fails)]).toEqual([pass, fail]);
      },
    );

    it("a delay that moved no verdict of the plan is asked again: it may carry this failure", () => {
      // No value was over the plan's own limit, so no guard was breached then.
      expect(said({ generator: { lagMs: 8 } }, fails)).toBe("inconclusive guard.load.pacer");
      expect(said({ generator: { lagMs: 8 } }, passes)).toBe("passed -");
      expect(said({ generator: { cpu: 0.97 } }, fails)).toBe("inconclusive guard.load.cpu");
      // 25 of 125 refused are a failure without any value.
      const refused = { generator: { lagMs: 8 }, bad: { reset: 25 } };
      expect(said(refused, fails)).toBe("failed -");
    });

    it("a lag of users who ask when answered is none, and a slow loop of theirs voids both", () => {
      const executor = "constant-vus";
      expect(said({ generator: { lagMs: 8, executor } }, fails)).toBe("failed -");
      expect(said({ generator: { cpu: 0.97, executor } }, passes)).toBe(
        "inconclusive guard.load.cpu",
      );
    });

    it("nothing is decided where the run recorded nothing of its generator", () => {
      expect(said({ generator: null }, passes)).toBe("inconclusive generator");
    });
  });

  it("is open where the sample was cut off, or ended by what was seen of it", () => {
    for (const cut of [{ open: "slow" }, { open: "turned" }, { stop: "slow" }]) {
      const [row] = judged({ ms: quick, ...cut }, "p(95)<100ms");
      expect(row, JSON.stringify(cut)).toMatchObject({
        verdict: "inconclusive",
        reason: "cancelled",
      });
    }
    const [other] = judged({ ms: quick, open: "a.step" }, "p(95)<100ms");
    expect(other).toMatchObject({ verdict: "passed" });
  });

  it("is decided for every load of a run, each by its own histograms", () => {
    const { run, files } = storedRun({ ms: quick });
    const log = `Tag=soak.response_time,0.000,9.000,1.000,${encoded(quick)}\n`;
    const bytes = Buffer.from(log);
    const digest = sha256(bytes);
    run.tally("soak", { series: "soak", metric: "response_time", bad: 0, n: 100, badBy: {} });
    const idle = { cpuP90: 0.2, loopMeanMs: 0.1, loopP99Ms: 0.8, loopMaxMs: 4, pressurePercent: 3 };
    const scenarios = [{ scenario: "soak", executor: "constant-vus" }];
    run.add({ kind: "note", data: { type: "load.started", scenarios } });
    run.add({ kind: "note", data: { type: "host", host: idle } });
    run.add({ kind: "note", data: { type: "waits", waits: { scenario: "soak", pacerLag: [] } } });
    run.add({ kind: "sample.closed", claims: ["soak"], data: { stream: "soak", part: "all" } });
    run.add({ kind: "note", data: { artifact: { name: "histograms.hdr", digest } } });
    const both = new Map([...files, [`artifacts/${digest}`, bytes] as const]);
    const rows = judgeStoredRun(run, both, readLaterAsk("response_time", "p(95)<100ms"));
    expect(rows.map(({ scenario, verdict }) => [scenario, verdict])).toEqual([
      ["web site", "passed"],
      ["soak", "passed"],
    ]);
  });

  it("is open where no answer of that kind was kept, and never passes by it", () => {
    const { run, files } = storedRun({ ms: quick });
    const rows = judgeStoredRun(run, files, readLaterAsk("ttft", "p(95)<1s"));
    expect(rows).toEqual([
      {
        scenario: "web site",
        n: 100,
        sure: 0,
        possible: 100,
        verdict: "inconclusive",
        reason: "resolution",
      },
    ]);
  });

  it.each([
    [
      "another scenario",
      () => judged({ ms: quick }, "p(95)<1s", "chat"),
      /no sample of chat; it has web site/,
    ],
    [
      "an unknown metric",
      () => readLaterAsk("icl", "p(95)<1s"),
      /kept of response_time, service_time, ttft/,
    ],
    ["a step", () => readLaterAsk("response_time{step:x}", "p(95)<1s"), /kept of .* by scenario/],
    [
      "an average",
      () => readLaterAsk("response_time", "avg<1s"),
      /asked p\(N\)< or med< of a time/,
    ],
    ["a window", () => readLaterAsk("response_time", "p(95)<1s over(10s)"), /nothing more/],
    ["a share of slow ones", () => readLaterAsk("response_time", "p(95)>1s"), /asked p\(N\)</],
    ["a typo", () => readLaterAsk("response_time", "p( 95)<1s"), /column 3: p\(>>> 95\)<1s/],
  ])("%s is refused with what can be asked", (_what, ask, message) => {
    expect(ask).toThrow(message);
  });

  it("of a run that sent no load there is nothing to say", () => {
    const { run } = storedRun({ ms: quick });
    const ask = readLaterAsk("response_time{scenario:web}", "med<1s confidence(0.99)");
    expect(ask).toMatchObject({ scenario: "web", quantile: 0.5, confidence: 0.99, limitMs: 1_000 });
    expect(judgeStoredRun(run, new Map(), ask)).toEqual([]);
  });
});
