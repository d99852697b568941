/**
 * The fault table against any gateway. Start the upstreams first (`--port-a`, `--port-b`), point
 * the gateway's model at A then B, and give its URL:
 *
 *   node test/conformance/fault-table/run.ts --url http://127.0.0.1:8080 --model pair \
 *     --port-a 9101 --port-b 9102 --header "authorization: Bearer sk-..." [--times 10] [--full]
 *
 * Further models: `--model-alone`, `--model-tls`, `--model-resume`, `--model-keep-alive`; a row
 * whose model is not given is NOT TESTED. Without `--url` our own gateway is started.
 *
 * `--full`: the specification's 2 s timers and its 100 ms; 10 times, about 25 minutes on a quiet
 * machine. `--client openai`: by the official client instead of raw requests.
 */
import { parseArgs } from "node:util";
import { systemClock } from "@loadline/kit/clock";
import { startFaultUpstream } from "@loadline/testkit";
import { startLoadline } from "./loadline.ts";
import { countPassed, printTable } from "./print.ts";
import { rows } from "./rows.ts";
import { runKillUnderStreams, runOpenBreakers } from "./scenarios.ts";
import { type SdkClient, startSdkClient } from "./sdk.ts";
import type { Subject, Variant } from "./subject.ts";
import { type Outcome, runRow } from "./table.ts";

const fastMs = 300;
const fullMs = 2000;

const { values } = parseArgs({
  options: {
    url: { type: "string" },
    model: { type: "string", default: "pair" },
    "model-alone": { type: "string" },
    "model-tls": { type: "string" },
    "model-resume": { type: "string" },
    "model-keep-alive": { type: "string" },
    header: { type: "string", multiple: true, default: [] },
    "port-a": { type: "string", default: "0" },
    "port-b": { type: "string", default: "0" },
    times: { type: "string", default: "10" },
    row: { type: "string", multiple: true },
    full: { type: "boolean", default: false },
    client: { type: "string", default: "raw" },
  },
});

function given(url: string): Subject {
  const headers = Object.fromEntries(
    values.header.map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()] as const;
    }),
  );
  const models: Partial<Record<Variant, string | undefined>> = {
    pair: values.model,
    timed: values.model,
    alone: values["model-alone"],
    tls: values["model-tls"],
    resume: values["model-resume"],
    "keep-alive": values["model-keep-alive"],
  };
  return {
    name: url,
    isLoadline: false,
    endpoint(variant) {
      const model = models[variant];
      return model === undefined ? undefined : { url, model, headers };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function chosenClient(): Promise<SdkClient | undefined> {
  if (values.client === "raw") return undefined;
  if (values.client !== "openai") throw new Error(`no client is called ${values.client}`);
  const started = await startSdkClient();
  if ("missing" in started) throw new Error(`NOT TESTED: the openai client (${started.missing})`);
  return started;
}

const clock = systemClock();
const timerMs = values.full ? fullMs : fastMs;
/** The 100 ms of the specification need a quiet machine and its 2 s timers. */
const slackMs = values.full ? 100 : 400;
await using a = await startFaultUpstream({ clock, letter: "a", port: Number(values["port-a"]) });
await using b = await startFaultUpstream({ clock, letter: "b", port: Number(values["port-b"]) });
await using c = await startFaultUpstream({ clock, letter: "c" });
await using subject =
  values.url === undefined
    ? await startLoadline({ ports: { a: a.port, b: b.port, c: c.port }, timerMs })
    : given(values.url);
await using client = await chosenClient();
const table = {
  clock,
  ...(client && { observe: client.observe }),
  subject,
  upstreams: { a, b, c },
  timerMs,
  times: Number(values.times),
  slackMs,
};
const outcomes: Outcome[] = [];
for (const row of rows) {
  if (values.row && !values.row.includes(row.id)) continue;
  outcomes.push(...(await runRow(table, row)));
}
if (!client && !values.row && values.url === undefined)
  outcomes.push(...(await runOpenBreakers(table)), ...(await runKillUnderStreams(table)));
process.stdout.write(printTable(new Map([[subject.name, outcomes]])));
process.stdout.write(`\n${countPassed(outcomes)} passed\n`);
process.exitCode = outcomes.some(({ verdict }) => verdict === "fail") ? 1 : 0;
