import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { compileSlos, type SloOutputs } from "../../packages/contract/src/index.ts";
import { gatewaySloSeries } from "../../packages/gateway/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { readSloText, sloFiles } from "../../packages/validator/src/index.ts";
import { callMany } from "./alerts/watch.ts";
import { runCli } from "./cli-process.ts";
import { startGatewayProcess } from "./gateway-process.ts";

const run = promisify(execFile);
const parts = await requireParts(["prometheus", "prometheus-alertmanager"], {
  rows: ["R2-39", "R2-40", "R2-46"],
});
const example = fileURLToPath(new URL("../../examples/slo/slo_definitions.yaml", import.meta.url));

interface TestFile {
  readonly rule_files: readonly string[];
  readonly tests: readonly { readonly name: string }[];
}

describe.skipIf(parts.missing)("the example's objectives in Prometheus and Alertmanager", () => {
  let folder = "";
  let outputs: SloOutputs | undefined;
  const tool = (name: string, ...args: string[]): Promise<{ out: string; ok: boolean }> =>
    run(join(dirname(parts.found("prometheus").path), name), args, { cwd: folder }).then(
      ({ stdout, stderr }) => ({ out: stdout + stderr, ok: true }),
      (cause: unknown) => ({ out: String(cause), ok: false }),
    );
  /**
   * The tests of one objective whose titles match, over its rules or changed ones; what reads the
   * whole period is left out, since it takes longer than all the rest.
   */
  async function tryTests(id: string, titles: RegExp, change = (text: string): string => text) {
    const rules = readFileSync(join(folder, `rules/${id}.yml`), "utf8");
    const document = parse(readFileSync(join(folder, `tests/${id}.yml`), "utf8")) as TestFile;
    const tests = document.tests.filter(({ name }) => titles.test(name));
    mkdirSync(join(folder, "tried"), { recursive: true });
    const { groups } = parse(change(rules)) as { groups: { name: string }[] };
    const kept = groups.filter(({ name }) => /^slo-(?:sli|alerts)-/.test(name));
    expect(kept).toHaveLength(2);
    writeFileSync(join(folder, "tried/rules.yml"), stringify({ groups: kept }));
    const tried = stringify({ ...document, rule_files: ["rules.yml"], tests });
    writeFileSync(join(folder, "tried/tests.yml"), tried);
    return { ...(await tool("promtool", "test", "rules", "tried/tests.yml")), count: tests.length };
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "ll-slo-rules-"));
    const text = readFileSync(example, "utf8");
    const read = readSloText(text, { service: "gateway", series: gatewaySloSeries });
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const slos = read.document.slos.map((slo) => ({ ...slo, runbook: "https://example.org" }));
    const made = compileSlos({ ...read.document, slos });
    if (!made.ok) throw new Error(JSON.stringify(made.problems));
    outputs = made.outputs;
    for (const file of sloFiles(made.outputs, read.document.intervals)) {
      mkdirSync(dirname(join(folder, file.path)), { recursive: true });
      writeFileSync(join(folder, file.path), file.text);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("promtool and amtool take every file", async () => {
    const config = await tool("promtool", "check", "config", "prometheus.yml");
    expect(config.ok, config.out).toBe(true);
    expect(config.out.match(/SUCCESS: \d+ rules found/g)).toHaveLength(7);
    const alertmanager = await tool("amtool", "check-config", "alertmanager.yml");
    expect(alertmanager.ok, alertmanager.out).toBe(true);
  }, 120_000);

  it("burn rates page and ticket within one evaluation of the time that theory gives [R2-39]", async () => {
    const titles = /100 %|no traffic|15 minutes|first error/;
    const { out, ok, count } = await tryTests("availability", titles);
    expect([ok, count], out).toEqual([true, 5]);
  }, 240_000);

  it("an hour's percentile has a static alert and no burn rate [R2-39]", async () => {
    const rules = readFileSync(join(folder, "rules/latency.p99.yml"), "utf8");
    expect([rules.includes("LoadlineSloStatic"), rules.includes("LoadlineSloBurn")]).toEqual([
      true,
      false,
    ]);
    const { out, ok } = await tryTests("latency.p99", /no traffic|15 minutes|restart/);
    expect(ok, out).toBe(true);
  }, 240_000);

  it.each<[string, RegExp, (text: string) => string]>([
    [
      "a window's label left on",
      /100 %/,
      (text) => text.replaceAll("max without (sloth_window) ", ""),
    ],
    [
      "a series nobody exports",
      /zero sample/,
      (text) => text.replaceAll("loadline_requests", "calls"),
    ],
  ])(
    "%s is caught by the tests",
    async (_, titles, change) => {
      const { out, ok } = await tryTests("availability", titles, change);
      expect([ok, out.includes("FAILED")], out).toEqual([false, true]);
    },
    240_000,
  );

  it("pages, levels and tickets are routed to whom the file names", async () => {
    const cases = outputs?.routing.filter(({ labels }) => labels["sloth_id"] === "availability");
    expect(cases?.map(({ receivers }) => receivers.join())).toEqual([
      "pager",
      "chat",
      "pager",
      "mail",
      "chat",
    ]);
    for (const { labels, receivers } of cases ?? []) {
      const given = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
      const { out, ok } = await tool(
        "amtool",
        "config",
        "routes",
        "test",
        "--config.file=alertmanager.yml",
        `--verify.receivers=${receivers.join()}`,
        ...given,
      );
      expect(ok, `${given.join()}: ${out}`).toBe(true);
    }
  }, 120_000);
});

describe("slo check of a file beside a running gateway", () => {
  let folder = "";
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("each objective has a verdict with its count, and what no page tells is not tested [R2-01]", async () => {
    folder = mkdtempSync(join(tmpdir(), "ll-slo-live-"));
    await using gateway = await startGatewayProcess(
      {
        stateDir: join(folder, "state"),
        listen: { port: 0 },
        telemetry: { overloadAfter: 0 },
        targets: { s: { provider: "simulator", tokens: 3, latency: 0, tokensPerSecond: 1e6 } },
        routes: { r: { models: ["m"], groups: [{ targets: ["s"] }] } },
      },
      () => undefined,
    );
    const statuses = await callMany(gateway, 620);
    expect(new Set(statuses)).toEqual(new Set([200]));
    const headers = { authorization: `Bearer ${gateway.key}` };
    let page = "";
    // A call is counted at its end, which its caller may see first.
    await expect
      .poll(async () => {
        page = await (await fetch(`${gateway.url}/metrics`, { headers })).text();
        return page;
      })
      .toMatch(/^loadline_request_duration_seconds_count\{[^}]*\} 620$/m);
    writeFileSync(join(folder, "page.txt"), page);
    const argv = ["slo", "check", example, "--json", "--metrics", "page.txt"];
    const { code, out } = await runCli(folder, argv);
    const { slos } = JSON.parse(out) as { slos: { id: string; verdict: string; n: number }[] };
    const said = (id: string): string => {
      const found = slos.find((one) => one.id === id);
      return `${found?.verdict} ${found?.n}`;
    };
    expect(["availability", "error_rate", "chat.availability", "data_loss"].map(said)).toEqual([
      "passed 620",
      "passed 620",
      "passed 620",
      "not_tested 0",
    ]);
    // How long a call takes is the machine's matter here; that each was counted is not.
    expect(said("latency.p99")).toMatch(/^(?:passed|failed|inconclusive) 620$/);
    expect(code).toBe(slos.some(({ verdict }) => verdict === "failed") ? 1 : 2);
  }, 120_000);
});
