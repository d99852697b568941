import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, describe, expect, it } from "vitest";
import {
  startScriptedServer,
  startStallServer,
} from "../../../../testkit/src/stall-server/index.ts";
import { runLoad } from "../run-load.ts";
import type { LoadAccount, LoadDeps, LoadPlan, LoadRecord, Scenario } from "../types.ts";
import { LoadControl } from "./load-control.ts";

const get = { kind: "http", method: "GET", path: "/" } as const;
const answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const folder = mkdtempSync(join(tmpdir(), "loadline-senders-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function planOf(baseUrl: string, s: Scenario, more: Partial<LoadPlan> = {}): LoadPlan {
  const limit = {
    scenario: "s",
    metric: "response_time",
    limitMs: 60_000,
    quantile: 0.99,
  } as const;
  return {
    target: { baseUrl },
    seed: 7,
    scenarios: { s },
    limits: [{ ...limit, claim: "c", stream: "load.c", part: "all" }],
    workers: 2,
    folder,
    ...more,
  };
}

interface Ran {
  readonly records: readonly LoadRecord[];
  readonly account: LoadAccount;
  readonly bad: number;
  readonly reason: string;
  readonly events: readonly string[];
}

async function ran(
  plan: LoadPlan,
  deps: Partial<LoadDeps> = {},
  on: (record: LoadRecord) => void = () => undefined,
): Promise<Ran> {
  const records: LoadRecord[] = [];
  for await (const record of runLoad(plan, { clock: systemClock(), ...deps })) {
    records.push(record);
    on(record);
  }
  const ended = records.at(-1);
  if (ended?.type !== "load.ended" || ended.accounts[0] === undefined) throw new Error("no end");
  const account = ended.accounts[0];
  return {
    records,
    account,
    bad: Object.values(account.bad).reduce((sum, count) => sum + count, 0),
    reason: ended.reason,
    events: records.flatMap((one) => (one.type === "load.event" ? [one.text] : [])),
  };
}

const breached = (records: readonly LoadRecord[]): string[] =>
  records.flatMap((one) => (one.type === "guard" && !one.guard.holds ? [one.guard.guard] : []));

const tallyOf = (records: readonly LoadRecord[]) =>
  records.flatMap((one) => (one.type === "sample.tally" ? [one.tally] : []))[0];

// Threads start slowly on a busy machine.
describe("senders", { timeout: 120_000 }, () => {
  it("three senders send one schedule: every arrival once, slices and histograms added up", async () => {
    await using server = await startStallServer({ delayMs: 5, stallMs: 0, everyMs: 1000 });
    const scenario: Scenario = {
      executor: "constant-arrival-rate",
      rate: 200,
      durationMs: 2000,
      request: get,
    };
    const { account, records } = await ran(planOf(server.url, scenario, { workers: 3 }));
    expect(account).toMatchObject({ due: 400, sent: 400, ok: 400 });
    const tally = tallyOf(records);
    expect(tally).toMatchObject({
      n: 400,
      metric: "response_time",
      series: "s",
      clock: "intended",
    });
    expect(tally).toMatchObject({ over: 0, lookCount: 0 });
    expect(tally?.slices).toEqual([
      [200, 0],
      [200, 0],
    ]);
    expect(tally?.observedMs).toBeGreaterThan(4.9);
    const series = records.flatMap((one) => (one.type === "series" ? [one.series] : []));
    expect(series[0]?.due.slice(0, 2)).toEqual([200, 200]);
    const heat = records.flatMap((one) => (one.type === "load.slice" ? one.slice.heat : []));
    expect(heat.reduce((sum, [, count]) => sum + count, 0)).toBe(400);
  });

  it("a sender that dies makes no sample smaller: its arrivals are bad by generator, a guard says so", async () => {
    await using server = await startStallServer({ delayMs: 1, stallMs: 0, everyMs: 1000 });
    writeFileSync(
      join(folder, "dies.ts"),
      "export async function s(vu) { if (vu.iteration === 41) process.exit(7); await vu.http.get('/'); }",
    );
    const scenario: Scenario = {
      executor: "constant-arrival-rate",
      rate: 100,
      durationMs: 2000,
      exec: { kind: "module", file: "dies.ts", export: "s" },
    };
    const plan = planOf(server.url, scenario);
    const [requests] = plan.limits;
    if (requests === undefined) throw new Error("no limit");
    const iterations = { ...requests, metric: "iteration_duration", claim: "i" } as const;
    const { account, bad, records, events, reason } = await ran({
      ...plan,
      limits: [requests, iterations],
    });
    expect(reason).toBe("done");
    const lengths = records.find((one) => one.type === "sample.tally" && one.claim === "i");
    // One of the scenario's two hundred was under way when its sender died.
    expect(lengths).toMatchObject({ tally: { n: 200 } });
    // Iteration 41 was let go and never asked anything; every other arrival is accounted for.
    expect(account.due).toBeGreaterThanOrEqual(199);
    expect(account.ok + bad).toBe(account.due);
    expect(account.bad["generator"]).toBeGreaterThan(70);
    expect(tallyOf(records)).toMatchObject({ n: account.due, bad });
    expect(breached(records)).toContain("guard.load.local");
    expect(events.join(" ")).toContain("Sender 2 of 2 ended before its work");
  });

  it("asked to drain, it sends nothing more and waits for what is under way", async () => {
    await using server = await startStallServer({ delayMs: 150, stallMs: 0, everyMs: 1000 });
    const control = new LoadControl();
    const scenario: Scenario = {
      executor: "constant-arrival-rate",
      rate: 50,
      durationMs: 60_000,
      request: get,
    };
    const { account, reason, events, records } = await ran(
      planOf(server.url, scenario),
      { control },
      (record) => {
        if (record.type === "frame" && record.frame.due > 20) control.drain();
      },
    );
    expect(reason).toBe("drained");
    expect(account.due).toBeLessThan(300);
    expect(account.ok).toBe(account.due);
    // How long was sent for: what a rate of this run is of.
    const end = records.at(-1);
    const stoppedAfterMs = end?.type === "load.ended" ? (end.stoppedAfterMs ?? 0) : 0;
    const lastMs = ((account.due - 1) / 50) * 1_000;
    // Stamped before the word reaches the senders: a few more arrivals are let go meanwhile.
    expect(stoppedAfterMs).toBeGreaterThanOrEqual(lastMs - 1_000);
    expect(stoppedAfterMs).toBeGreaterThan(0);
    expect(stoppedAfterMs).toBeLessThan(lastMs + 5_000);
    expect(events).toEqual(["Asked to stop: nothing more is sent."]);
  });

  it("after the drain was asked for, an abort still ends the run at once", async () => {
    await using server = await startScriptedServer(() => undefined);
    const control = new LoadControl();
    const stop = new AbortController();
    const scenario: Scenario = {
      executor: "constant-vus",
      vus: 4,
      durationMs: 60_000,
      request: get,
    };
    const { account, reason } = await ran(
      planOf(server.url, scenario),
      { control, signal: stop.signal },
      (record) => {
        if (record.type !== "frame" || record.frame.due < 4) return;
        control.drain();
        stop.abort();
      },
    );
    expect(reason).toBe("cancelled");
    expect(account.bad).toEqual({ cancelled: 4 });
  });

  it("a rate edited while it runs holds from then on in every sender, and breaches a guard", async () => {
    await using server = await startStallServer({ delayMs: 1, stallMs: 0, everyMs: 1000 });
    const control = new LoadControl();
    const scenario: Scenario = {
      executor: "constant-arrival-rate",
      rate: 10,
      durationMs: 5000,
      request: get,
    };
    let edited = false;
    const { account, records } = await ran(planOf(server.url, scenario), { control }, (record) => {
      if (edited || record.type !== "frame" || record.frame.elapsedMs < 500) return;
      edited = true;
      control.edit("s", { rate: 200 });
    });
    // Unedited, 50 are due; 200/s for the 4.5 s after the first frame past 0.5 s are the most.
    expect(account.due).toBeGreaterThan(150);
    expect(account.due).toBeLessThan(950);
    expect(account.ok).toBe(account.due);
    expect(breached(records)).toContain("guard.load.schedule");
  });

  it("without room for users or in the queue, arrivals are dropped and said, never silent", async () => {
    await using server = await startStallServer({ delayMs: 200, stallMs: 0, everyMs: 1000 });
    const scenario: Scenario = {
      executor: "constant-arrival-rate",
      rate: 40,
      durationMs: 1500,
      maxVus: 2,
      request: get,
    };
    const queued = await ran(planOf(server.url, { ...scenario, rate: 20 }));
    // Queued arrivals keep their intended time and wait for one of two users: 10/s are served.
    expect(queued.account.due).toBe(30);
    expect(tallyOf(queued.records)?.maxMs).toBeGreaterThan(600);
    const dropped = await ran(
      planOf(server.url, { ...scenario, maxVus: 100 }, { connectionsMax: 1, queueMax: 1 }),
    );
    expect(dropped.account.due).toBe(60);
    expect(dropped.account.bad["dropped"]).toBeGreaterThan(20);
    expect(dropped.account.ok + dropped.bad).toBe(60);
    expect(breached(dropped.records)).toContain("guard.load.sent");
  });

  it("requests due equal ok plus all bad under random faults, in any number of senders", async () => {
    const faults = [
      answer,
      "HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
      "nonsense\r\n\r\n",
      "RESET",
      "CUT",
      "NEVER",
    ];
    for (const [run, workers] of [1, 3].entries()) {
      let n = run;
      await using server = await startScriptedServer((_n, socket) => {
        n = (Math.imul(n, 1_103_515_245) + 12_345) >>> 0;
        const fault = faults[(n >>> 16) % faults.length] ?? answer;
        if (fault === "RESET") socket.resetAndDestroy();
        else if (fault === "CUT") socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab");
        else if (fault !== "NEVER") return fault;
        return undefined;
      });
      const scenario: Scenario = {
        executor: "ramping-arrival-rate",
        startRate: 20,
        stages: [{ durationMs: 1000, target: 300 }],
        arrivals: "gamma",
        burstiness: 0.5,
        gracefulStopMs: 300,
        request: get,
      };
      const more = { workers, seed: run, timeouts: { firstByteMs: 200 } };
      const { account, bad, records } = await ran(planOf(server.url, scenario, more));
      expect(account.ok + bad).toBe(account.due);
      expect(bad).toBeGreaterThan(20);
      expect(tallyOf(records)?.n).toBe(account.due);
      const samples = records.flatMap((one) => (one.type === "samples" ? [one.samples] : []))[0];
      expect(samples?.failuresSeen).toBe(bad);
      expect(samples?.failures).toHaveLength(bad);
    }
  });
});
