import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "@loadline/kit/clock";
import { endChild, eventually, freePort, spawnHeld } from "@loadline/testkit";
import { runCli } from "../cli-process.ts";
import { type GatewayProcess, startGatewayProcess } from "../gateway-process.ts";

const clock = systemClock();
const upstreamScript = fileURLToPath(
  new URL("../../alone/kills/upstream-child.ts", import.meta.url),
);
const waitMs = 60_000;
/** Alerts that a busy machine may raise: not what is waited for here. */
const ofHaste: readonly string[] = ["LoadlineEventLoopBlocked", "LoadlineOverheadHigh"];

/** A gateway over two upstreams, and a Prometheus that scrapes it each second. */
export interface Watch extends AsyncDisposable {
  /** So many chat calls, one after another, whatever they end with. */
  call(count: number): Promise<readonly number[]>;
  /** Kills one upstream for good. */
  kill(name: string): Promise<void>;
  /** The gateway's metrics as it gives them now. */
  page(): Promise<{ readonly type: string; readonly text: string }>;
  /** Label sets that the query gives now. */
  ask(query: string): Promise<readonly Readonly<Record<string, string>>[]>;
  /** Waits until the query gives a series. */
  untilScraped(query: string): Promise<void>;
  /** Waits until exactly these fire, each with its target, in order; those of haste do not count. */
  untilFiring(alerts: readonly string[]): Promise<void>;
}

/** Starts all of it, with the rules that `slo compile --hold 1s` prints. */
export async function startWatch(prometheusPath: string, parent: string): Promise<Watch> {
  const folder = mkdtempSync(join(parent, "watch-"));
  await using stack = new AsyncDisposableStack();
  const upstreams = new Map<string, ChildProcess>();
  const targets: Record<string, object> = {};
  for (const name of ["u1", "u2"]) {
    const child = fork(upstreamScript, ["0", name], { stdio: "ignore" });
    const [said]: unknown[] = await once(child, "message");
    const port = typeof said === "object" && said !== null && "port" in said ? said.port : 0;
    upstreams.set(name, child);
    stack.defer(() => endChild(child));
    const baseUrl = `http://127.0.0.1:${Number(port)}/v1`;
    targets[name] = { provider: "openai-compatible", model: "fault", baseUrl };
  }
  const gateway = await startGatewayProcess(
    {
      stateDir: join(folder, "state"),
      listen: { port: 0 },
      telemetry: { overloadAfter: 0 },
      breaker: { minVolume: 2, minFailures: 2, openFor: "1h" },
      targets,
      routes: { r: { models: ["m"], groups: [{ targets: ["u1"] }, { targets: ["u2"] }] } },
    },
    () => undefined,
  );
  stack.use(gateway);
  const port = await freePort();
  await writeFiles(folder, gateway);
  const prometheus = spawnHeld(
    prometheusPath,
    [
      `--config.file=${join(folder, "p.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: "ignore" },
  );
  const ask = (query: string): Promise<readonly Record<string, string>[]> =>
    queryOf(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`);
  const firing = async (): Promise<readonly string[]> =>
    (await ask('ALERTS{alertstate="firing"}'))
      .filter(({ alertname = "" }) => !ofHaste.includes(alertname))
      .map((labels) => `${labels["alertname"] ?? ""} ${labels["target"] ?? ""}`)
      .toSorted();
  stack.defer(() => endChild(prometheus));
  const owned = stack.move();
  return {
    call: (count) => callMany(gateway, count),
    async kill(name) {
      const child = upstreams.get(name);
      if (child === undefined) throw new Error(`${name} does not run`);
      upstreams.delete(name);
      await endChild(child);
    },
    async page() {
      const headers = { authorization: `Bearer ${gateway.key}` };
      const answer = await fetch(`${gateway.url}/metrics`, { headers });
      return { type: answer.headers.get("content-type") ?? "", text: await answer.text() };
    },
    ask,
    untilScraped: (query) => eventually(clock, async () => (await ask(query)).length > 0, waitMs),
    untilFiring: (alerts) =>
      eventually(clock, async () => (await firing()).join() === alerts.join(), waitMs),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function writeFiles(folder: string, gateway: GatewayProcess): Promise<void> {
  const { out } = await runCli(folder, ["slo", "compile", "--hold", "1s"]);
  writeFileSync(join(folder, "rules.yml"), out);
  writeFileSync(join(folder, "key"), gateway.key);
  writeFileSync(
    join(folder, "p.yml"),
    `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
scrape_configs:
  - job_name: loadline
    authorization: { credentials_file: key }
    static_configs: [{ targets: ['${new URL(gateway.url).host}'] }]
`,
  );
}

/** So many chat calls of model `m`, one after another; resolves to their statuses. */
export async function callMany({ url, key }: GatewayProcess, count: number): Promise<number[]> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "hi" }] });
  const statuses: number[] = [];
  for (let i = 0; i < count; i++) {
    const answer = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
    await answer.arrayBuffer();
    statuses.push(answer.status);
  }
  return statuses;
}

/** Label sets of an instant query's answer; none while nobody listens. */
async function queryOf(url: string): Promise<readonly Record<string, string>[]> {
  const answer = await fetch(url).catch(() => null);
  if (answer?.ok !== true) return [];
  const value = (await answer.json()) as {
    readonly data: { readonly result: readonly { readonly metric: Record<string, string> }[] };
  };
  return value.data.result.map(({ metric }) => metric);
}
