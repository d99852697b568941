import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { eventually, freePort, listenOnLoopback, spawnHeld } from "@loadline/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { nativeHistograms } from "../../packages/validator/src/load/record/native-histograms.ts";
import { recorded } from "../../packages/validator/src/load/record/recorded.fixture.ts";

const clock = systemClock();
const parts = await requireParts(["prometheus"]);
const type =
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

/** What an instant query says, by its first row; null until there is one. */
async function ask(port: number, query: string): Promise<number | null> {
  const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`;
  // Nobody listens at first.
  const answer = await fetch(url).catch(() => null);
  const body: unknown = answer?.ok === true ? await answer.json() : null;
  const value = /"value":\[[\d.]+,"([^"]+)"\]/.exec(JSON.stringify(body))?.[1];
  return value === undefined ? null : Number(value);
}

describe.skipIf(parts.missing)("native histograms as a real Prometheus reads them", () => {
  const whole = recorded("normal");
  const folder = mkdtempSync(join(tmpdir(), "loadline-native-"));
  let exporter: Server;
  let child: ChildProcess | null = null;
  let port = 0;

  beforeAll(async () => {
    const bytes = nativeHistograms(whole);
    exporter = createServer((_, response) => {
      response.writeHead(200, { "content-type": type });
      response.end(bytes);
    });
    const target = await listenOnLoopback(exporter);
    port = await freePort();
    writeFileSync(
      join(folder, "p.yml"),
      `scrape_configs: [{ job_name: load, scrape_interval: 1s, static_configs: [{ targets: ['127.0.0.1:${target}'] }] }]\n`,
    );
    const flags = [
      `--config.file=${join(folder, "p.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--enable-feature=native-histograms",
    ];
    child = spawnHeld(parts.found("prometheus").path, flags, { stdio: "ignore" });
    const count = "loadline_load_requests_total";
    await eventually(clock, async () => (await ask(port, count)) !== null, 60_000);
  });
  afterAll(async () => {
    if (child !== null && child.exitCode === null) {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    }
    exporter.closeAllConnections();
    exporter.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("its count, sum and quantiles are the run's own, within one bucket", async () => {
    const metric = 'loadline_load_response_time_seconds{scenario!="idle"}';
    const { response } = whole.at(0).series;
    expect(await ask(port, `histogram_count(${metric})`)).toBe(response.count);
    expect(await ask(port, `histogram_sum(${metric})`)).toBeCloseTo(response.sumUs / 1e6, 6);
    for (const q of [0.5, 0.9, 0.99]) {
      const read = await ask(port, `histogram_quantile(${q}, ${metric})`);
      const own = response.quantileUs(q) / 1e6;
      expect(Math.abs((read ?? 0) - own) / own, `p${q * 100}`).toBeLessThan(0.007);
    }
  });

  it("each outcome is a counter, and waits of 0 are seen as such", async () => {
    const failed = 'loadline_load_requests_total{outcome="status_503"}';
    expect(await ask(port, failed)).toBe(1);
    expect(await ask(port, "histogram_count(loadline_load_queue_wait_seconds)")).toBe(999);
    expect(
      await ask(port, "histogram_quantile(0.99, loadline_load_queue_wait_seconds)"),
    ).toBeLessThan(1e-9);
  });
});
