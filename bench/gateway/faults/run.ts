/**
 * The fault table with our gateway and Portkey 1.15.2 side by side, on the same upstreams.
 * `node bench/gateway/faults/run.ts [times] [--full] [--save]`; `--full` uses the specification's 2 s
 * timers.
 */
import { systemClock } from "@loadline/kit/clock";
import { startFaultUpstream } from "@loadline/testkit";
import { startLoadline } from "../../../test/conformance/fault-table/loadline.ts";
import {
  countPassed,
  printTable,
  sideBySide,
} from "../../../test/conformance/fault-table/print.ts";
import { rows } from "../../../test/conformance/fault-table/rows.ts";
import {
  runKillUnderStreams,
  runOpenBreakers,
} from "../../../test/conformance/fault-table/scenarios.ts";
import type { Subject } from "../../../test/conformance/fault-table/subject.ts";
import { type Outcome, runRow } from "../../../test/conformance/fault-table/table.ts";
import { numbersGiven, tell } from "../../result.ts";
import { startPortkey } from "./portkey.ts";

const fastMs = 300;
const fullMs = 2000;

const [times = 10] = numbersGiven(process.argv);
const isFull = process.argv.includes("--full");
const timerMs = isFull ? fullMs : fastMs;
/** The 100 ms of the specification need a quiet machine and its 2 s timers. */
const slackMs = isFull ? 100 : 400;
const clock = systemClock();
await using a = await startFaultUpstream({ clock, letter: "a" });
await using b = await startFaultUpstream({ clock, letter: "b" });
await using c = await startFaultUpstream({ clock, letter: "c" });
const ports = { a: a.port, b: b.port, c: c.port };

async function column(subject: Subject): Promise<Outcome[]> {
  const table = { clock, subject, upstreams: { a, b, c }, timerMs, times, slackMs };
  const outcomes: Outcome[] = [];
  for (const row of rows) outcomes.push(...(await runRow(table, row)));
  outcomes.push(...(await runOpenBreakers(table)), ...(await runKillUnderStreams(table)));
  return outcomes;
}

const columns = new Map<string, readonly Outcome[]>();
const notes: string[] = [];
{
  await using loadline = await startLoadline({ ports, timerMs });
  columns.set(loadline.name, await column(loadline));
}
const portkey = await startPortkey({ clock, ports, timerMs });
if (typeof portkey === "string") notes.push(`NOT TESTED: portkey (${portkey})`);
else {
  columns.set(portkey.name, await column(portkey));
  await portkey[Symbol.asyncDispose]();
}
process.stdout.write(printTable(columns));
for (const [name, outcomes] of columns)
  process.stdout.write(`\n${name}: ${countPassed(outcomes)} lines as the table says`);
process.stdout.write(`\n${notes.join("\n")}\n`);
const passed = [...columns].map(([name, outcomes]) => [name, countPassed(outcomes)]);
const total = {
  row: "all",
  mode: "both",
  "A does": "lines as the table says",
  ...Object.fromEntries(passed),
};
const settings = { times, timerMs, slackMs, notes };
tell({ bench: "gateway-faults", ...settings, rows: [total, ...sideBySide(columns)] }, process.argv);
