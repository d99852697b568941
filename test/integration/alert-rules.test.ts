import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type AlertCase, alertCases, healthy } from "./alerts/cases.ts";
import { startWatch } from "./alerts/watch.ts";
import { runCli } from "./cli-process.ts";

const run = promisify(execFile);
const parts = await requireParts(["prometheus"], { rows: ["R0-27", "R0-17"] });
const gateway = { job: "loadline", instance: "g1" };

/** `name{labels}` with the labels that a scrape adds. */
function scraped(series: string): string {
  const own = Object.entries(gateway).map(([label, value]) => `${label}="${value}"`);
  const [name = "", inner = ""] = series.split(/[{}]/);
  return `${name}{${[...own, ...(inner === "" ? [] : [inner])].join(",")}}`;
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
  }, 60_000);
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
  }, 60_000);

  it("a rule over a renamed series is caught by the cases", async () => {
    writeFileSync(join(folder, "broken.yml"), rules.replaceAll("breaker_state", "breaker_status"));
    const { out, ok } = await tryCases("broken.yml", alertCases);
    expect([ok, out.includes("LoadlineBreakerOpen")]).toEqual([false, true]);
  }, 60_000);

  it("the breaker's alert fires when an upstream is killed, the page when the last is [R0-27]", async () => {
    await using watch = await startWatch(parts.found("prometheus").path, folder);
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
  }, 120_000);
});
