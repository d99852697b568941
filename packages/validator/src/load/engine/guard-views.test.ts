import { describe, expect, it } from "vitest";
import { judgeGuards } from "../guards/index.ts";
import { bindJob } from "../job.ts";
import { Recorder } from "../record/recorder.ts";
import type { LoadLimit, LoadPlan } from "../types.ts";
import { createFlight, type LoadOutcome } from "./flight.ts";
import { guardViews } from "./guard-views.ts";
import type { HostFigures } from "./host.ts";

const limit = { scenario: "s", claim: "c", stream: "load.c", part: "all" } as const;
const idle: HostFigures = {
  cpuP90: 0.2,
  loopMeanMs: 0.1,
  loopP99Ms: 0.5,
  loopMaxMs: 4,
  pressurePercent: 3,
};
const busy: HostFigures = {
  cpuP90: 0.97,
  loopMeanMs: 40,
  loopP99Ms: 200,
  loopMaxMs: 900,
  pressurePercent: 90,
};

function recorded(
  outcomes: readonly LoadOutcome[],
  more: Partial<LoadLimit> = {},
  timeoutsMs: readonly number[] = [1_000],
  baseUrl = "http://127.0.0.1:1",
): Recorder {
  const request = { kind: "http", method: "GET", path: "/" } as const;
  const open = { executor: "constant-arrival-rate", rate: 10, durationMs: 10_000 } as const;
  const s = { ...open, request };
  const plan: LoadPlan = {
    target: { baseUrl },
    seed: 7,
    scenarios: { s },
    limits: [{ ...limit, metric: "response_time", limitMs: 1_000, quantile: 0.95, ...more }],
  };
  const recorder = new Recorder(plan);
  recorder.begin(0);
  outcomes.forEach((outcome, at) => {
    const flight = createFlight(0, at, at);
    flight.wakeMs = flight.sendMs = at;
    flight.doneMs = at + 20;
    if (outcome.includes("timeout")) {
      flight.timeoutMs = timeoutsMs[at % timeoutsMs.length] ?? Number.NaN;
    }
    recorder.due(0, flight);
    recorder.ended(flight, outcome);
  });
  return recorder;
}

const many = (n: number, outcome: LoadOutcome): LoadOutcome[] =>
  Array.from({ length: n }, () => outcome);

/** Guards that void a failure of this sample. */
function voiding(recorder: Recorder, host: HostFigures): string[] {
  return judgeGuards(guardViews(recorder, host, false))
    .filter(({ holds, invalidates }) => !holds && invalidates !== "pass")
    .map(({ guard }) => guard);
}

describe("what guards see of a sample", () => {
  it.each(["connect_timeout", "timeout_first_byte", "timeout_idle", "timeout_total"] as const)(
    "%s fails nobody while the generator stood for about as long: its clock may have been late itself",
    (outcome) => {
      const late = recorded([...many(80, "ok"), ...many(20, outcome)]);
      expect(voiding(late, busy)).toEqual(
        expect.arrayContaining(["guard.load.cpu", "guard.load.loop"]),
      );
      expect(voiding(late, idle)).toEqual([]);
      const [seen] = guardViews(late, busy, false);
      expect(seen?.view).toMatchObject({ n: 100, bad: 20, over: 20, hardBad: 0 });
    },
  );

  it.each([
    ["a second, by a loop that stood for 0.2 s", 1_000, 200],
    ["thirty seconds, by a loop that stood for one", 30_000, 900],
  ])("a call that waited for %s was not made to wait by it", (_, timeoutMs, loopMaxMs) => {
    const hanging = recorded([...many(80, "ok"), ...many(20, "timeout_first_byte")], {}, [
      timeoutMs,
    ]);
    const host = { ...idle, loopP99Ms: 200, loopMaxMs };
    expect(voiding(hanging, host)).toEqual([]);
    const [seen] = guardViews(hanging, host, false);
    expect(seen?.view).toMatchObject({ n: 100, bad: 20, over: 0, hardBad: 20, timedOut: 20 });
  });

  it.each([
    ["guard.load.pressure", { pressurePercent: 80 }],
    ["guard.load.cpu", { cpuP90: 0.97 }],
  ])(
    "%s: calls of a starved machine that wait too long fail nobody, stand or none",
    (guard, over) => {
      const host = { ...idle, loopMaxMs: 50, ...over };
      const starved = recorded([...many(80, "ok"), ...many(20, "timeout_first_byte")]);
      expect(voiding(starved, host)).toEqual([guard]);
      // What answers say themselves is no doing of the machine's.
      const errors = [...many(80, "ok"), ...many(20, "status_5xx")];
      expect(voiding(recorded([...errors, ...many(20, "timeout_first_byte")]), host)).toEqual([]);
      // Few timeouts beside few errors: neither alone is the failure.
      const both = [...many(92, "ok"), ...many(4, "status_5xx"), ...many(4, "timeout_total")];
      expect(voiding(recorded(both), host)).toEqual([guard]);
      expect(voiding(recorded(many(80, "ok")), host)).toEqual([]);
    },
  );

  describe("a target beside the generator that says it is overloaded", () => {
    const refusing = (more: readonly LoadOutcome[] = []): LoadOutcome[] => [
      ...many(80, "ok"),
      ...many(20, "status_503"),
      ...more,
    ];
    const starved = { ...idle, loopMaxMs: 100, pressurePercent: 90 };

    it("fails nobody where its machine starved, and the guards name it", () => {
      expect(voiding(recorded(refusing()), starved)).toEqual(["guard.load.pressure"]);
      const told = { ...starved, pressurePercent: null, loopP99Ms: 40 };
      expect(voiding(recorded(refusing()), told)).toEqual(["guard.load.loop"]);
      const [seen] = guardViews(recorded(refusing()), starved, false);
      expect(seen?.view).toMatchObject({ bad: 20, hardBad: 20, unserved: 20 });
    });

    it("fails nobody for what the end of the run cut off besides", () => {
      const late = recorded([...refusing(), ...many(50, "unfinished")]);
      expect(voiding(late, starved)).toEqual(["guard.load.pressure"]);
      expect(voiding(late, { ...starved, loopMaxMs: 99 })).toEqual([]);
    });

    it.each([
      ["no thread of it was kept waiting", { ...starved, loopMaxMs: 99 }],
      ["processors were free", { ...starved, pressurePercent: 20 }],
    ])("fails where %s", (_, host) => {
      expect(voiding(recorded(refusing()), host)).toEqual([]);
    });

    it("fails by what it answers besides", () => {
      const wrong = recorded(refusing(many(20, "status_5xx")));
      expect(voiding(wrong, { ...starved, loopP99Ms: 40 })).toEqual([]);
    });

    it.each(["http://10.0.0.1:1", "https://gateway.example/v1"])(
      "of another machine, %s, fails whatever happens on this one",
      (baseUrl) => {
        const away = recorded(refusing(), {}, [1_000], baseUrl);
        expect(voiding(away, { ...starved, loopP99Ms: 40 })).toEqual([]);
      },
    );
  });

  it("one long stand of an idle generator is enough, and the guard names it", () => {
    const late = recorded([...many(80, "ok"), ...many(20, "timeout_total")]);
    const host = { ...idle, loopMaxMs: 900 };
    expect(voiding(late, host)).toEqual(["guard.load.loop"]);
    const loop = judgeGuards(guardViews(late, host, false)).find(({ holds }) => !holds);
    expect(loop?.seen).toMatch(/It once stood for 900 ms: a timeout of 9\d\d ms may/);
    expect(loop).toMatchObject({ invalidates: "fail", reason: "generator" });
    expect(voiding(recorded(many(80, "ok")), host)).toEqual([]);
  });

  it("of several timeouts the shortest is what the generator is held to", () => {
    const mixed = [...many(80, "ok"), ...many(20, "timeout_first_byte")];
    const host = { ...idle, loopMaxMs: 900 };
    expect(voiding(recorded(mixed, {}, [30_000, 2_000]), host)).toEqual(["guard.load.loop"]);
    expect(voiding(recorded(mixed, {}, [30_000, 20_000]), host)).toEqual([]);
  });

  it("a timeout of a length nobody told fails an idle generator's target, and no busy one's", () => {
    const untold = recorded([...many(80, "ok"), ...many(20, "timeout_total")], {}, []);
    expect(voiding(untold, idle)).toEqual([]);
    const [quiet] = guardViews(untold, idle, false);
    expect(quiet?.view).toMatchObject({ over: 20, hardBad: 0, timedOut: 0 });
    expect(quiet?.view.shortestTimeoutMs).toBeNull();
    // Like any value over a limit: each delay past its tolerance may have made it.
    expect(voiding(untold, { ...idle, loopP99Ms: 40 })).toEqual(["guard.load.loop"]);
    expect(voiding(untold, { ...idle, pressurePercent: 80 })).toEqual(["guard.load.pressure"]);
  });

  it("one whose length nobody told shortens none of those that are known", () => {
    const mixed = [...many(80, "ok"), ...many(20, "timeout_first_byte")];
    const half = recorded(mixed, {}, [30_000, Number.NaN]);
    expect(voiding(half, { ...idle, loopMaxMs: 900 })).toEqual([]);
    const [seen] = guardViews(half, idle, false);
    expect(seen?.view).toMatchObject({ over: 10, hardBad: 10, timedOut: 10 });
  });

  it("an answer that says so itself fails, however busy the generator was", () => {
    for (const outcome of ["status_5xx", "connect", "reset"] as const) {
      expect(voiding(recorded([...many(80, "ok"), ...many(20, outcome)]), busy)).toEqual([]);
    }
  });

  it("with errors enough to fail by themselves the timeouts beside them change nothing", () => {
    const mixed = recorded([
      ...many(70, "ok"),
      ...many(20, "status_5xx"),
      ...many(10, "timeout_total"),
    ]);
    expect(voiding(mixed, busy)).toEqual([]);
    const few = recorded([
      ...many(88, "ok"),
      ...many(2, "status_5xx"),
      ...many(10, "timeout_total"),
    ]);
    expect(voiding(few, busy)).toContain("guard.load.cpu");
  });

  it("where values are compared each of them may have been moved", () => {
    const [seen] = guardViews(recorded(many(50, "ok"), { compares: true }), idle, false);
    expect(seen?.view).toMatchObject({ over: 50, hardBad: 0, limitMs: null });
  });

  it("of blocks that are compared the limit only keeps values: no share of it is a tolerance", () => {
    const kept = recorded(many(50, "ok"), { limitMs: 1e9, interleaved: true });
    const [seen] = guardViews(kept, idle, false);
    expect(seen?.view).toMatchObject({ over: 0, limitMs: null, interleaved: true });
    const broken = judgeGuards(guardViews(kept, busy, false)).filter(({ holds }) => !holds);
    expect(broken).toMatchObject([{ guard: "guard.load.loop", invalidates: "pass" }]);
  });

  it.each([
    ["a saturated sender", { cpuP90: 0.97 }, false, "guard.load.cpu"],
    ["a loop that stands", { loopMeanMs: 40 }, false, "guard.load.loop"],
    ["users changed live", {}, true, "guard.load.schedule"],
  ])("%s takes back what a ladder shows, either way", (_, host, edited, guard) => {
    const request = { kind: "http", method: "GET", path: "/" } as const;
    const held = { executor: "ladder", users: [1, 20], holdMs: 1_000, request } as const;
    const { load } = bindJob({
      profile: "test",
      name: "target",
      load: {
        target: { baseUrl: "http://127.0.0.1:1" },
        seed: 7,
        scenarios: { held },
        limits: [],
      },
      thresholds: {},
      confidence: 0.95,
      waive: [],
      explore: false,
      ladder: [{ id: "speed_up", scenario: "held", users: 20, of: "speedUp", atLeast: 1 }],
    });
    const recorder = new Recorder(load);
    recorder.begin(0);
    const breached = (of: HostFigures, isEdited: boolean) =>
      judgeGuards(guardViews(recorder, of, isEdited))
        .filter(({ holds, streams }) => !holds && streams.includes("load.speed_up"))
        .map((one) => [one.guard, one.invalidates, one.kinds.includes("predicate")]);
    expect(breached({ ...idle, ...host }, edited)).toEqual([[guard, "both", true]]);
    expect(breached(idle, false)).toEqual([]);
  });

  it("requests of steps that found no series of their own break the guard of what is recorded", () => {
    const request = { kind: "http", method: "GET", path: "/" } as const;
    const stepsOf = (n: number) => Array.from({ length: n }, (_, at) => ({ name: `step-${at}` }));
    const broken = (counts: readonly number[], asked: number): string[] => {
      const shared = { executor: "constant-vus", vus: 1, durationMs: 10_000, request } as const;
      const named = counts.map((n, at) => [`s${at}`, { ...shared, steps: stepsOf(n) }] as const);
      const scenario = `s${counts.length - 1}`;
      const recorder = new Recorder({
        target: { baseUrl: "http://127.0.0.1:1" },
        seed: 7,
        scenarios: Object.fromEntries(named),
        limits: [{ ...limit, scenario, metric: "errors", quantile: 0.95 }],
      });
      recorder.begin(0);
      const flight = createFlight(counts.length - 1, 0, 1);
      Object.assign(flight, { step: asked, wakeMs: 1, sendMs: 1, doneMs: 2 });
      recorder.due(counts.length - 1, flight);
      recorder.ended(flight, "ok");
      return judgeGuards(guardViews(recorder, idle, false))
        .filter(({ holds }) => !holds)
        .map(({ guard, seen }) => `${guard}: ${seen}`);
    };
    expect(broken([512], 511)).toEqual([]);
    expect(broken([513], 510)).toEqual([]);
    const one = "guard.load.record: 0 values were beyond the histogram's range, 1 beyond the cap";
    expect(broken([513], 511)).toEqual([`${one} of series.`]);
    expect(broken([513], 512)).toEqual([`${one} of series.`]);
    // The room is the plan's: what one scenario took, the next one lacks.
    expect(broken([100, 412], 411)).toEqual([]);
    expect(broken([100, 413], 412)).toEqual([`${one} of series.`]);
  });

  it.each(["of a step", "of no step"])(
    "a request %s that took longer than histograms reach breaks the same guard",
    (what) => {
      const request = { kind: "http", method: "GET", path: "/" } as const;
      const shared = { executor: "constant-vus", vus: 1, durationMs: 10_000, request } as const;
      const steps = what === "of a step" ? [{ name: "a" }, { name: "b" }] : [];
      const said = (tookMs: number): string[] => {
        const recorder = new Recorder({
          target: { baseUrl: "http://127.0.0.1:1" },
          seed: 7,
          scenarios: { s: { ...shared, steps } },
          limits: [{ ...limit, metric: "errors", quantile: 0.95 }],
        });
        recorder.begin(0);
        const flight = createFlight(0, 0, 1);
        Object.assign(flight, { step: steps.length - 1, wakeMs: 1, sendMs: 1, doneMs: 1 + tookMs });
        recorder.due(0, flight);
        recorder.ended(flight, "ok");
        const broken = judgeGuards(guardViews(recorder, idle, false)).filter((one) => !one.holds);
        return broken.map(({ guard, seen }) => `${guard}: ${seen}`);
      };
      const reachMs = 2 ** 32 / 1_000;
      expect(said(reachMs - 1)).toEqual([]);
      // Twice: from its intended time, and from when it was sent.
      expect(said(reachMs + 1)).toEqual([
        "guard.load.record: 2 values were beyond the histogram's range, 0 beyond the cap of series.",
      ]);
    },
  );

  it("requests that are under way while the run goes on are not taken for lost ones", () => {
    const sentOf = (recorder: Recorder): string =>
      judgeGuards(guardViews(recorder, idle, false))
        .filter(({ guard }) => guard === "guard.load.sent")
        .map(({ holds, seen }) => `${holds} ${seen}`)
        .join();
    const going = recorded(many(50, "ok"));
    for (let at = 0; at < 50; at++) going.due(0, createFlight(0, at, at));
    expect(sentOf(going)).toBe("true 100 of 100 due requests were sent, 0 dropped.");
    const lost = recorded(many(50, "ok"));
    for (let at = 0; at < 50; at++) {
      const flight = createFlight(0, at, at);
      lost.due(0, flight);
      lost.ended(flight, "unfinished");
    }
    expect(sentOf(lost)).toBe("false 50 of 100 due requests were sent, 0 dropped.");
  });

  it("a mix is off by what it is off beyond its last block: 50, 30 and 20 % have blocks of ten", () => {
    const request = { kind: "http", method: "GET", path: "/" } as const;
    const parts = [50, 30, 20].map((weight, at) => ({ name: `p${at}`, weight, request }));
    const open = { executor: "constant-arrival-rate", rate: 10, durationMs: 10_000 } as const;
    const off = (counts: readonly number[]): number => {
      const recorder = new Recorder({
        target: { baseUrl: "http://127.0.0.1:1" },
        seed: 7,
        scenarios: {
          s: { ...open, exec: { kind: "mix", parts }, steps: parts.map(({ name }) => ({ name })) },
        },
        limits: [{ ...limit, metric: "errors", quantile: 0.95 }],
      });
      recorder.begin(0);
      counts.forEach((count, step) => {
        for (let at = 0; at < count; at++) {
          const flight = createFlight(0, at, at);
          Object.assign(flight, { step, wakeMs: at, sendMs: at, doneMs: at + 1 });
          recorder.due(0, flight);
          recorder.ended(flight, "ok");
        }
      });
      return guardViews(recorder, idle, false)[0]?.view.mixOffPoints ?? Number.NaN;
    };
    // Five whole blocks, then one that began with all of its first part.
    expect([off([25, 15, 10]), off([30, 15, 10]), off([5, 0, 0])]).toEqual([0, 0, 0]);
    // A part that is never asked, and one that is asked half as often.
    expect(off([50, 30, 0])).toBeCloseTo(18, 5);
    expect(off([50, 15, 20])).toBeCloseTo(9.88, 1);
  });

  it("a limit on a figure is named by it, and one that keeps sums is told", () => {
    const [plain] = guardViews(recorded([]), idle, false);
    expect(plain?.view).toMatchObject({ metric: "response_time", figures: false });
    expect(plain?.view).not.toHaveProperty("figure");
    const [icl] = guardViews(
      recorded([], { metric: "figure", figure: "icl", figures: true }),
      idle,
      true,
    );
    expect(icl?.view).toMatchObject({ figure: "icl", figures: true, edited: true });
  });
});
