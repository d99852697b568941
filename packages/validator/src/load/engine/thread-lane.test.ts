import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { afterAll, describe, expect, it } from "vitest";
import { startScriptedServer } from "../../../../testkit/src/stall-server/index.ts";
import { watchThreads } from "../../../../testkit/src/started-threads.ts";
import type { LoadPlan, LoadRecord, Scenario } from "../types.ts";
import type { Lane, LaneInput, LaneMessage } from "./lane.ts";
import { SenderHost } from "./sender-host.ts";
import { createThreadLane } from "./thread-lane.ts";

const folder = mkdtempSync(join(tmpdir(), "loadline-lane-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const get = { kind: "http", method: "GET", path: "/" } as const;
const endless: Scenario = {
  executor: "constant-arrival-rate",
  rate: 20,
  durationMs: 600_000,
  request: get,
};

function inputOf(baseUrl: string, s: Scenario): LaneInput {
  const plan: LoadPlan = { target: { baseUrl }, seed: 7, scenarios: { s }, limits: [], folder };
  return { plan, pacing: "pacer", worker: 0, workers: 1 };
}

const moduleOf = (name: string, text: string): Scenario => {
  writeFileSync(join(folder, name), text);
  const exec = { kind: "module", file: name, export: "s" } as const;
  return { executor: "constant-vus", vus: 1, durationMs: 600_000, exec };
};

interface Started {
  readonly lane: Lane;
  readonly clock: TestClock;
  readonly records: LoadRecord[];
}

/** Its deadline is on a clock that stands still. */
function startLane(input: LaneInput): Started {
  const clock = new TestClock();
  const records: LoadRecord[] = [];
  const events = { record: (one: LoadRecord) => void records.push(one), peakReady: () => {} };
  return { lane: createThreadLane(input, clock, events), clock, records };
}

const begin = (lane: Lane): void =>
  lane.command({ type: "begin", originMs: systemClock().monotonicMs() });

// Threads start slowly on a busy machine.
describe("the thread of a sender", { timeout: 60_000 }, () => {
  it("ends by itself when it is closed before it was ready, before it began, and while it sends", async () => {
    using threads = watchThreads();
    let asked = (): void => {};
    const sending = new Promise<void>((resolve) => void (asked = resolve));
    await using server = await startScriptedServer(() => {
      asked();
      return undefined;
    });
    const input = inputOf(server.url, endless);
    const [fresh, ready, busy] = [startLane(input), startLane(input), startLane(input)];
    const early = fresh.lane.close();
    await Promise.all([ready.lane.ready, busy.lane.ready]);
    begin(busy.lane);
    await sending;
    await Promise.all([early, ready.lane.close(), busy.lane.close()]);
    expect((await busy.lane.ended).kind).toBe("done");
    expect(threads.running).toBe(0);
    expect([fresh, ready, busy].map(({ clock }) => clock.pending)).toEqual([0, 0, 0]);
  });

  it("whose module never comes back is terminated at the deadline", async () => {
    using threads = watchThreads();
    const stuck = moduleOf("stuck.ts", "export function s() { for (;;); }");
    const { lane, clock } = startLane(inputOf("http://127.0.0.1:9", stuck));
    await lane.ready;
    begin(lane);
    const closing = lane.close();
    clock.advance(2999);
    expect([threads.running, clock.pending]).toEqual([1, 1]);
    clock.advance(1);
    await closing;
    expect(threads.running).toBe(0);
    expect(await lane.ended).toMatchObject({ kind: "died" });
  });

  it("whose module holds something open is terminated at the deadline, not waited for", async () => {
    using threads = watchThreads();
    const open = moduleOf(
      "open.ts",
      "let held; export async function s(vu) { held ??= setInterval(() => {}, 1000); await vu.http.get('/'); }",
    );
    await using server = await startScriptedServer(() => undefined);
    const { lane, clock } = startLane(inputOf(server.url, open));
    await lane.ready;
    begin(lane);
    lane.command({ type: "stop", how: "drain" });
    const closing = lane.close();
    expect((await lane.ended).kind).toBe("done");
    clock.advance(3000);
    await closing;
    expect(threads.running).toBe(0);
  });

  it("leaves no pacer behind when it cannot begin", async () => {
    using threads = watchThreads();
    const said: LaneMessage[] = [];
    const absent = moduleOf("absent.ts", "export const other = 1;");
    const input = inputOf("http://127.0.0.1:9", absent);
    const host = new SenderHost(input, systemClock(), (message) => void said.push(message));
    await host.run();
    expect(said.map(({ type }) => type)).toEqual(["fault"]);
    expect([threads.count, threads.running]).toEqual([1, 0]);
  });
});
