import { systemClock } from "@loadline/kit/clock";
import { type FaultUpstream, startFaultUpstream } from "@loadline/testkit";
import { decideStream } from "../../packages/gateway/src/stream/machine.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLoadline } from "./fault-table/loadline.ts";
import { rows } from "./fault-table/rows.ts";
import { type SdkClient, startSdkClient } from "./fault-table/sdk.ts";
import type { Subject } from "./fault-table/subject.ts";
import { runRow, type Table } from "./fault-table/table.ts";

const timerMs = 400;
/** `fault-table/run.ts --client openai` runs each ten times. */
const timesOf = { http1: 3, node: 1 } as const;
const slackMs = 1000;
const clock = systemClock();
const client: SdkClient | { readonly missing: string } = await startSdkClient();
/** The client sends objects: what is malformed on the wire cannot be asked through it. */
const asked = rows.filter((row) => row.body === undefined);

afterAll(async () => {
  if ("observe" in client) await client[Symbol.asyncDispose]();
});

const title = "the fault table through the openai client, front %s";
/** Each front over upstreams of its own, row after row: they mostly wait, so both at a time. */
const inTurn = { concurrent: false };
const both = ["http1", "node"] as const;
describe.skipIf("missing" in client).concurrent.each(both)(title, (front) => {
  const times = timesOf[front];
  let a: FaultUpstream;
  let b: FaultUpstream;
  let subject: Subject;
  beforeAll(async () => {
    a = await startFaultUpstream({ clock, letter: "a" });
    b = await startFaultUpstream({ clock, letter: "b" });
    subject = await startLoadline({ ports: { a: a.port, b: b.port }, timerMs, front });
  });
  afterAll(async () => {
    for (const one of [subject, a, b]) await one[Symbol.asyncDispose]();
  });

  const tableOf = (one: Subject): Table => {
    if (!("observe" in client)) throw new Error(client.missing);
    const { observe } = client;
    const shared = { clock, timerMs, times, slackMs, isBrief: true };
    return { ...shared, subject: one, upstreams: { a, b }, observe };
  };

  it.each(asked)("row $id: A $does", inTurn, async (row) => {
    const outcomes = await runRow(tableOf(subject), row);
    expect(outcomes.length).toBeGreaterThan(0);
    for (const { mode, passed, problems } of outcomes)
      expect({ mode, passed, problems }).toEqual({ mode, passed: times, problems: {} });
  });

  it(
    "saboteur: a cut that ends without a word looks whole to the client, and row 2a fails",
    inTurn,
    async () => {
      const ports = { a: a.port, b: b.port };
      const streamMachine: typeof decideStream = (at, given, isHeadSent) =>
        at === "open" && given === "fault"
          ? { action: "append", to: "done" }
          : decideStream(at, given, isHeadSent);
      await using silent = await startLoadline({ ports, timerMs, controls: { streamMachine } });
      const row = rows.find(({ id }) => id === "2a");
      if (!row) throw new Error("no row 2a");
      const outcomes = await runRow({ ...tableOf(silent), times: 1, rounds: 1 }, row);
      const stream = outcomes.find(({ mode }) => mode === "stream");
      expect(stream?.verdict).toBe("fail");
      expect(Object.keys(stream?.problems ?? {})).toContain("a silent end");
    },
  );
});
