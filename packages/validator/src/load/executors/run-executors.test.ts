import { type Clock, systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { startRecordingTarget } from "../../../../testkit/src/recording-target/index.ts";
import { quietest } from "../../../../testkit/src/quietest.ts";
import {
  startScriptedServer,
  startStallServer,
} from "../../../../testkit/src/stall-server/index.ts";
import { LoadControl } from "../engine/load-control.ts";
import { runLoad } from "../run-load.ts";
import { parseTrace } from "../schedule/trace.ts";
import type { LoadAccount, LoadPlan, LoadRecord, Scenario } from "../types.ts";

const get = { kind: "http", method: "GET", path: "/" } as const;
const clock = systemClock();

async function ran(
  baseUrl: string,
  s: Scenario,
  more: Partial<LoadPlan> = {},
  by: Clock = clock,
): Promise<{ records: LoadRecord[]; account: LoadAccount }> {
  const records: LoadRecord[] = [];
  const plan: LoadPlan = { target: { baseUrl }, seed: 7, scenarios: { s }, limits: [], ...more };
  for await (const record of runLoad(plan, { clock: by, engine: "inline" })) records.push(record);
  const ended = records.at(-1);
  const account = ended?.type === "load.ended" ? ended.accounts[0] : undefined;
  if (account === undefined) throw new Error("no load.ended at the end");
  return { records, account };
}

const chatAnswer = (content: string): string =>
  JSON.stringify({
    choices: [{ message: { role: "assistant", content } }],
    usage: { completion_tokens: 3 },
  });

describe("iterations", () => {
  it("shared iterations are as many as said in all, per-vu iterations as many for each user", async () => {
    await using server = await startStallServer({ delayMs: 1, stallMs: 0, everyMs: 1000 });
    const shared = { executor: "shared-iterations", vus: 4, iterations: 30 } as const;
    const one = await ran(server.url, { ...shared, maxDurationMs: 20_000, request: get });
    expect(one.account).toMatchObject({ due: 30, ok: 30 });
    const each = { executor: "per-vu-iterations", vus: 4, iterations: 7 } as const;
    const other = await ran(server.url, { ...each, maxDurationMs: 20_000, request: get });
    expect(other.account).toMatchObject({ due: 28, ok: 28 });
  });

  it.each([
    ["shared-iterations", 2, 500, 500],
    ["per-vu-iterations", 2, 500, 1_000],
  ] as const)(
    "%s: what was not begun within the longest duration is dropped, none vanishes",
    async (executor, vus, iterations, all) => {
      await using server = await startStallServer({ delayMs: 20, stallMs: 0, everyMs: 1000 });
      const scenario: Scenario = { executor, vus, iterations, maxDurationMs: 400, request: get };
      const { account, records } = await ran(server.url, scenario);
      expect(account.due).toBe(all);
      const { dropped = 0, ...others } = account.bad;
      expect(others).toEqual({});
      expect(account.ok).toBeGreaterThan(0);
      expect(account.ok + dropped).toBe(all);
      expect(dropped).toBeGreaterThan(all - 60);
      const said = records.flatMap((one) => (one.type === "load.event" ? [one.text] : []));
      expect(said).toEqual([
        `s: ${dropped} iterations were not begun within the longest duration: dropped.`,
      ]);
    },
  );

  it("iterations not begun are counted one by one up to a bound, and all are said", async () => {
    await using server = await startStallServer({ delayMs: 20, stallMs: 0, everyMs: 1000 });
    const iterations = 1_000_000_000;
    const scenario = { executor: "shared-iterations", vus: 1, iterations } as const;
    const { account, records } = await ran(server.url, {
      ...scenario,
      maxDurationMs: 300,
      request: get,
    });
    expect(account.bad).toEqual({ dropped: 100_000 });
    const said = records.flatMap((one) => (one.type === "load.event" ? [one.text] : []));
    expect(said[0]).toMatch(/^s: 99999\d{4} iterations .* the first 100000 of them counted/);
  });

  it("a timer that fires before its time hides none of them", async () => {
    await using server = await startStallServer({ delayMs: 20, stallMs: 0, everyMs: 1000 });
    const early: Clock = {
      ...clock,
      after: (delayMs, run, o) => clock.after(Math.max(0, delayMs - 2), run, o),
    };
    const scenario = { executor: "per-vu-iterations", vus: 1, iterations: 500 } as const;
    const timed = { ...scenario, maxDurationMs: 300, request: get };
    const { account } = await ran(server.url, timed, {}, early);
    expect(account.due).toBe(500);
    expect(account.ok + (account.bad["dropped"] ?? 0)).toBe(500);
  });

  it("a run that is stopped drops none: they were not due any more", async () => {
    await using server = await startStallServer({ delayMs: 20, stallMs: 0, everyMs: 1000 });
    const control = new LoadControl();
    control.drain();
    const scenario = { executor: "shared-iterations", vus: 1, iterations: 100 } as const;
    const s = { ...scenario, maxDurationMs: 300, request: get };
    const plan: LoadPlan = {
      target: { baseUrl: server.url },
      seed: 7,
      scenarios: { s },
      limits: [],
    };
    for await (const record of runLoad(plan, { clock, engine: "inline", control })) {
      if (record.type === "load.ended") expect(record.accounts[0]?.bad).toEqual({});
    }
  });
});

describe("users", () => {
  it.each([
    { executor: "constant-vus", vus: 4, durationMs: 1_000, request: get },
    {
      executor: "ramping-vus",
      startVus: 4,
      stages: [{ durationMs: 1_000, target: 4 }],
      request: get,
    },
    { executor: "ladder", users: [4], rounds: 1, holdMs: 1_000, request: get },
  ] as const)(
    "$executor: none begins after the end, however late the timer that says so",
    async (s) => {
      await using server = await startStallServer({ delayMs: 20, stallMs: 0, everyMs: 1000 });
      // Pauses of the executor last half a second longer than asked, those of users do not.
      const late: Clock = {
        ...clock,
        after: (delayMs, run, o) => clock.after(delayMs > 100 ? delayMs + 500 : delayMs, run, o),
      };
      const limit = { scenario: "s", metric: "errors", quantile: 0.9, claim: "c" } as const;
      const limits = [{ ...limit, stream: "load.c", part: "all" }];
      const { records, account } = await ran(server.url, s, { limits }, late);
      const [tally] = records.flatMap((one) => (one.type === "sample.tally" ? [one.tally] : []));
      expect(account.due).toBeGreaterThan(0);
      expect(tally?.n).toBe(account.due);
    },
  );
});

describe("sessions", () => {
  it("each turn asks with all that was said before, and a failed turn ends its session", async () => {
    await using target = await startRecordingTarget(({ body }) => {
      const { messages } = JSON.parse(body) as { messages: unknown[] };
      return messages.length < 5 ? { body: chatAnswer(`a${messages.length}`) } : { status: 500 };
    });
    const scenario: Scenario = {
      executor: "sessions",
      rate: 5,
      durationMs: 1000,
      turns: 4,
      thinkMs: [5, 20],
      request: { kind: "chat", model: "m", prompts: ["q"], maxTokens: 3, stream: false },
    };
    const { account } = await ran(target.url, scenario);
    // Five sessions: two good turns, the third fails, the fourth is never asked.
    expect(account).toMatchObject({ due: 15, ok: 10, bad: { status_5xx: 5 } });
    const asked = target.seen.map(
      ({ body }) => (JSON.parse(body) as { messages: unknown }).messages,
    );
    const second = asked.find((messages) => Array.isArray(messages) && messages.length === 3);
    expect(second).toEqual([
      { role: "user", content: "q" },
      { role: "assistant", content: "a1" },
      { role: "user", content: "q" },
    ]);
  });
});

describe("trace-replay", () => {
  it("each row is asked at its time with its tokens, shared prefixes are the same bytes", async () => {
    await using target = await startRecordingTarget(() => ({ body: chatAnswer("a") }));
    const rows = [
      { timestamp: 0, input_length: 520, output_length: 4, hash_ids: [1, 2] },
      { timestamp: 400, input_length: 515, output_length: 9, hash_ids: [1, 3] },
    ];
    const trace = parseTrace(rows.map((row) => JSON.stringify(row)).join("\n"), "mooncake");
    const scenario: Scenario = {
      executor: "trace-replay",
      trace,
      speed: 2,
      request: { kind: "chat", model: "m", messages: [], maxTokens: 1, stream: false },
    };
    const { account, records } = await ran(target.url, scenario);
    expect(account).toMatchObject({ due: 2, ok: 2, outputTokens: 6 });
    const bodies = target.seen.map(
      ({ body }) => JSON.parse(body) as { max_tokens: number; messages: { content: string }[] },
    );
    expect(bodies.map((body) => body.max_tokens)).toEqual([4, 9]);
    const [one = [], two = []] = bodies.map((body) => body.messages[0]?.content.split(" "));
    expect([one.length, two.length]).toEqual([520, 515]);
    expect(two.slice(0, 512)).toEqual(one.slice(0, 512));
    expect(records[0]).toMatchObject({ scenarios: [{ planned: 2, durationMs: 201 }] });
  });
});

describe("mix", () => {
  it("parts have their shares to one block, series and limits of their own", async () => {
    await using target = await startRecordingTarget(({ path }) =>
      path === "/rare" ? { status: 503 } : {},
    );
    const part = (name: string, weight: number) =>
      ({ name, weight, request: { ...get, path: `/${name}` } }) as const;
    const scenario: Scenario = {
      executor: "constant-arrival-rate",
      rate: 100,
      durationMs: 1000,
      exec: { kind: "mix", parts: [part("often", 50), part("some", 30), part("rare", 20)] },
    };
    const limits = ["often", "rare"].map(
      (step) =>
        ({
          scenario: "s",
          step,
          metric: "errors",
          quantile: 0.9,
          claim: step,
          stream: `load.${step}`,
          part: "all",
        }) as const,
    );
    const { records, account } = await ran(target.url, scenario, { limits });
    expect(account).toMatchObject({ due: 100, ok: 80, bad: { status_503: 20 } });
    const steps = records.flatMap((one) => (one.type === "steps" ? one.steps : []));
    expect(steps.map(({ step, due, ok }) => [step, due, ok])).toEqual([
      ["often", 50, 50],
      ["some", 30, 30],
      ["rare", 20, 0],
    ]);
    const tallies = records.flatMap((one) => (one.type === "sample.tally" ? [one.tally] : []));
    expect(tallies.map(({ n, bad }) => [n, bad])).toEqual([
      [50, 0],
      [20, 20],
    ]);
  });
});

describe("ladder", () => {
  it("each size is held in every round, throughput grows with users until the target is full", async () => {
    await using server = await startStallServer({ delayMs: 20, stallMs: 0, everyMs: 1000 });
    const scenario: Scenario = {
      executor: "ladder",
      users: [8, 1, 4],
      rounds: 2,
      holdMs: 500,
      settleMs: 100,
      request: get,
    };
    const measure = async () => {
      const { records, account } = await ran(server.url, scenario);
      expect(account.ok).toBe(account.due);
      const ladder = records.flatMap((record) =>
        record.type === "ladder" ? [record.result] : [],
      )[0];
      expect(ladder?.sizes.map(({ users }) => users)).toEqual([1, 4, 8]);
      const [one, four, eight] = ladder?.sizes ?? [];
      const grows = (four?.okPerSecond ?? 0) > 1.5 * (one?.okPerSecond ?? Number.NaN);
      const goesOn = (eight?.okPerSecond ?? 0) > 1.1 * (four?.okPerSecond ?? Number.NaN);
      return { ladder, one, four, eight, isQuiet: grows && goesOn && ladder?.knee === null };
    };
    // Of a machine without room for eight users the ladder says so, and is right.
    const { ladder, one, four, eight } = await quietest(measure, ({ isQuiet }) => isQuiet);
    expect(one?.rounds).toHaveLength(2);
    expect(one?.speedUp).toBe(1);
    expect(four?.okPerSecond).toBeGreaterThan(1.5 * (one?.okPerSecond ?? 0));
    expect(eight?.okPerSecond).toBeGreaterThan(1.1 * (four?.okPerSecond ?? 0));
    expect(one?.medianMs).toBeGreaterThan(19);
    expect(ladder?.knee).toBeNull();
    expect(ladder?.fit).toBeNull();
  });
});

describe("find-peak", { timeout: 120_000 }, () => {
  it("finds a target's capacity with real sockets: highest passing and lowest failing rate", async () => {
    const serviceMs = 1000 / 200;
    let freeMs = 0;
    await using server = await startScriptedServer((_n, socket) => {
      freeMs = Math.max(freeMs, clock.monotonicMs()) + serviceMs;
      clock.after(freeMs - clock.monotonicMs(), () =>
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
      );
      return undefined;
    });
    const scenario: Scenario = {
      executor: "find-peak",
      startRate: 60,
      rateMax: 2000,
      stepMs: 1000,
      stepsMax: 12,
      pass: { limitMs: 150, share: 0.9 },
      request: get,
    };
    const measure = async () => {
      const { records, account } = await ran(server.url, scenario);
      const result = records.flatMap((one) => (one.type === "peak" ? [one.result] : []))[0];
      expect(account.due).toBe(result?.steps.reduce((sum, { n }) => sum + n, 0));
      return result;
    };
    // A busy machine only lowers what passes.
    const peak = await quietest(measure, (round) => (round?.highestPassing ?? 0) > 100, 3);
    // One second is short: a queue of 150 ms hides some overload. The exact law is tested above.
    expect(peak?.highestPassing).toBeGreaterThan(100);
    expect(peak?.highestPassing).toBeLessThan(300);
    expect(peak?.lowestFailing).toBeLessThan(600);
  });
});
