import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { repositoryRoot } from "../architecture/tree.ts";
import { type AlertCase, alertCases, healthy } from "./alerts/cases.ts";
import { callMany, startWatch, type Watch } from "./alerts/watch.ts";
import { runCli } from "./cli-process.ts";
import { startGatewayProcess } from "./gateway-process.ts";
import { judgeRounds, unless } from "./load/rounds.ts";

const run = promisify(execFile);
const parts = await requireParts(["prometheus"], { rows: ["R0-27", "R0-17", "R4-04"] });
const gateway = { job: "loadline", instance: "g1" };

/** `name{labels}` with the labels that a scrape adds. */
function scraped(series: string): string {
  const own = Object.entries(gateway).map(([label, value]) => `${label}="${value}"`);
  const [name = "", inner = ""] = series.split(/[{}]/);
  return `${name}{${[...own, ...(inner === "" ? [] : [inner])].join(",")}}`;
}

/** Metrics of what the gateway of this suite has not: budgets, several workers, TLS, PostgreSQL. */
const ofMore: ReadonlySet<string> = new Set([
  "loadline_budget_remaining_ratio",
  "loadline_worker_restarts",
  "loadline_workers",
  "loadline_tls_handshakes",
  "loadline_tls_reloads",
  "loadline_tls_certificate_not_after_seconds",
  "loadline_spool_bytes",
  "loadline_spool_damaged",
]);

/** Metrics that docs/reference/metrics.md tells of. */
function referenceMetrics(): string[] {
  const page = readFileSync(join(repositoryRoot, "docs/reference/metrics.md"), "utf8");
  return [...page.matchAll(/^\| `(\w+)` /gm)].map(([, name = ""]) => name);
}

function unitOf({ title, series, isAlone, at }: AlertCase): object {
  const all = isAlone === true ? series : { ...healthy, ...series };
  return {
    name: title,
    interval: "1m",
    input_series: Object.entries(all).map(([name, values]) => ({ series: scraped(name), values })),
    promql_expr_test: Object.entries(at).map(([time, names]) => ({
      expr: 'group by (alertname, severity) (ALERTS{alertstate="firing"})',
      eval_time: time,
      exp_samples: names.map((name) => {
        const [alert = "", severity = ""] = name.split("/");
        return { labels: `{alertname="Loadline${alert}",severity="${severity}"}`, value: 1 };
      }),
    })),
  };
}

describe.skipIf(parts.missing)("alert rules in a real Prometheus", () => {
  let folder = "";
  let rules = "";
  const promtool = (...args: string[]): Promise<{ out: string; ok: boolean }> =>
    run(join(dirname(parts.found("prometheus").path), "promtool"), args, { cwd: folder }).then(
      ({ stdout, stderr }) => ({ out: stdout + stderr, ok: true }),
      (cause: unknown) => ({ out: String(cause), ok: false }),
    );
  const tryCases = (file: string, cases: readonly AlertCase[]): ReturnType<typeof promtool> => {
    const document = {
      rule_files: [file],
      evaluation_interval: "1m",
      tests: cases.map(unitOf),
    };
    writeFileSync(join(folder, "cases.yml"), stringify(document, { aliasDuplicateObjects: false }));
    return promtool("test", "rules", "cases.yml");
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ll-alerts-"));
    const ended = await runCli(folder, ["slo", "compile"]);
    expect([ended.code, ended.err]).toEqual([0, ""]);
    rules = ended.out;
    writeFileSync(join(folder, "rules.yml"), rules);
  }, 110_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("promtool takes the rules that `slo compile` prints [R0-27]", async () => {
    const { out, ok } = await promtool("check", "rules", "rules.yml");
    expect([ok, /SUCCESS: (\d+) rules/.exec(out)?.[1]], out).toEqual([
      true,
      String(rules.match(/^ +- (?:alert|record): /gm)?.length),
    ]);
  });

  it("each fires on the series it is for, with no other, and none on healthy ones [R0-27] [R0-17]", async () => {
    const { out, ok } = await tryCases("rules.yml", alertCases);
    expect(ok, out).toBe(true);
    const fired = new Set(alertCases.flatMap(({ at }) => Object.values(at).flat()));
    const document: unknown = parse(rules);
    const names = [
      ...JSON.stringify(document).matchAll(/"alert":"Loadline(\w+)".*?"severity":"(\w+)"/g),
    ].map(([, name, severity]) => `${name}/${severity}`);
    expect(names.filter((name) => !fired.has(name))).toEqual([]);
  }, 240_000);

  it("a rule over a renamed series is caught by the cases", async () => {
    writeFileSync(join(folder, "broken.yml"), rules.replaceAll("breaker_state", "breaker_status"));
    const { out, ok } = await tryCases("broken.yml", alertCases);
    expect([ok, out.includes("LoadlineBreakerOpen")]).toEqual([false, true]);
  }, 240_000);

  describe("beside a gateway that it scrapes", () => {
    let watch: Watch;
    beforeAll(async () => {
      watch = await startWatch(parts.found("prometheus").path, folder);
    }, 240_000);
    afterAll(() => watch[Symbol.asyncDispose]());

    it("Prometheus reads the page of a gateway as OpenMetrics, sample for sample, and finds every metric of its reference [R4-04]", async () => {
      await watch.call(20);
      const { type, text } = await watch.page();
      expect(type).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
      const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
      expect(samples.length).toBeGreaterThan(500);
      const job = '{job="loadline"}';
      await watch.untilScraped(`up${job} == 1`);
      await watch.untilScraped(`scrape_samples_scraped${job} == ${samples.length}`);
      await watch.untilScraped(`loadline_requests_total{job="loadline",status="200"} == 20`);
      const scrapedNames = await watch.ask(`group by (__name__) (${job})`);
      const names = new Set(scrapedNames.map(({ __name__: name = "" }) => name));
      const forms = ["", "_total", "_bucket", "_info"];
      const absent = referenceMetrics().filter(
        (name) => !forms.some((form) => names.has(name + form)),
      );
      expect(absent).toEqual(expect.arrayContaining([...ofMore]));
      expect(absent.filter((name) => !ofMore.has(name))).toEqual([]);
    }, 120_000);

    it("the breaker's alert fires when an upstream is killed, the page when the last is [R0-27]", async () => {
      await watch.call(20);
      await watch.untilScraped('loadline_breaker_state{job="loadline",target="u1"} == 0');
      // So short a hold lets the first evaluation, before the first scrape, miss the gateway.
      await watch.untilFiring([]);
      await watch.kill("u1");
      await watch.call(20);
      await watch.untilFiring(["LoadlineBreakerOpen u1"]);
      await watch.kill("u2");
      await watch.call(20);
      await watch.untilFiring([
        "LoadlineBreakerOpen u1",
        "LoadlineBreakerOpen u2",
        "LoadlineNoTarget ",
        "LoadlineSloTicket ",
      ]);
    }, 300_000);
  });
});

describe("slo check beside a running gateway", () => {
  it("a gateway that refuses 10 of 110 calls is over on limit hits alone [R0-27]", async (context) => {
    await judgeRounds(context, round);
  }, 120_000);

  async function round(): Promise<readonly string[]> {
    const folder = mkdtempSync(join(tmpdir(), "ll-slo-"));
    await using gateway = await startGatewayProcess(
      {
        stateDir: join(folder, "state"),
        listen: { port: 0 },
        telemetry: { overloadAfter: 0 },
        limits: [{ scope: "key", resource: "requests", limit: 100, period: "24h", burst: 100 }],
        targets: { s: { provider: "simulator", tokens: 3, latency: 0, tokensPerSecond: 1e6 } },
        routes: { r: { models: ["m"], groups: [{ targets: ["s"] }] } },
      },
      () => undefined,
    );
    const statuses = await callMany(gateway, 110);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
    const headers = { authorization: `Bearer ${gateway.key}` };
    const page = await (await fetch(`${gateway.url}/metrics`, { headers })).text();
    writeFileSync(join(folder, "page.txt"), page);
    const { code, out } = await runCli(folder, ["slo", "check", "--metrics", "page.txt"]);
    rmSync(join(folder, "page.txt"));
    const said = out.split("\n").map((line) => line.split(":")[0]?.replace(/ +/, " ") ?? "");
    expect(said.filter((line) => !line.endsWith(" overhead_over_100ms"))).toEqual([
      "OVER limit_hits",
      "within auth_failures",
      "inconclusive breaker_changes",
      "",
    ]);
    expect(said[2]).toMatch(/^(?:within|OVER) overhead_over_100ms$/);
    expect([code, out.split("\n")[0]]).toEqual([1, expect.stringContaining("10 of 110 ")]);
    // What waits for a CPU is held up, by whomever.
    return unless(said[2]?.startsWith("within") === true, out.split("\n")[2] ?? "");
  }
});
