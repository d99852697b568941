import type { ChildProcess } from "node:child_process";
import { createServer } from "node:http";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { endChild, eventually, freePort, listenOnLoopback, spawnHeld } from "@loadline/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import {
  runStackPlan,
  type StackResult,
} from "../../packages/validator/src/stack/stack.fixture.ts";

const clock = systemClock();
const daySeconds = 86_400;
const parts = await requireParts(["prometheus", "prometheus-alertmanager"], {
  rows: ["R2-58", "R4-02", "R4-06"],
});

/**
 * What a service tells of its start, which lies two days back until it is restarted, and of its
 * calls: between two scrapes 99 ended well and one did not.
 */
async function startApp() {
  let startS = clock.wallMs() / 1000 - 2 * daySeconds;
  let scrapes = 0;
  const server = createServer((_, response) => {
    scrapes++;
    response.end(
      `# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds ${startS}\n# TYPE calls_total counter\ncalls_total{code="200"} ${99 * scrapes}\ncalls_total{code="500"} ${scrapes}\n`,
    );
  });
  const port = await listenOnLoopback(server);
  return {
    port,
    restart: () => void (startS = clock.wallMs() / 1000),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe.skipIf(parts.missing)("the checks of a real Prometheus and Alertmanager", () => {
  const started: ChildProcess[] = [];
  let app: { readonly port: number; restart(): void } & AsyncDisposable;
  let ports = { prometheus: 0, alertmanager: 0, sink: 0 };

  const start = (path: string, args: readonly string[]): void => {
    started.push(spawnHeld(path, args, { stdio: "ignore" }));
  };
  const says = (url: string, text: string): Promise<void> =>
    eventually(
      clock,
      async () => {
        // Nobody listens at first.
        const answer = await fetch(url).catch(() => null);
        return answer?.ok === true && (await answer.text()).includes(text);
      },
      60_000,
    );

  beforeAll(async () => {
    app = await startApp();
    ports = {
      prometheus: await freePort(),
      alertmanager: await freePort(),
      sink: await freePort(),
    };
    const folder = mkdtempSync(join(tmpdir(), "loadline-monitoring-"));
    const hook = `http://127.0.0.1:${ports.sink}/hook`;
    writeFileSync(
      join(folder, "am.yml"),
      `route: { receiver: mail, group_by: [alertname], group_wait: 100ms, routes: [{ matchers: ['severity="page"'], receiver: pager }] }
receivers: [{ name: mail }, { name: pager, webhook_configs: [{ url: '${hook}' }] }]
`,
    );
    writeFileSync(
      join(folder, "rules.yml"),
      `groups:
  - name: a
    interval: 1s
    rules:
      - { alert: TargetDown, expr: up == 0, labels: { severity: page } }
      - { record: job_up_sum, expr: sum by (job) (up) }
`,
    );
    writeFileSync(
      join(folder, "p.yml"),
      `global: { scrape_interval: 3s, evaluation_interval: 1s }
rule_files: [rules.yml]
alerting: { alertmanagers: [{ static_configs: [{ targets: ['127.0.0.1:${ports.alertmanager}'] }] }] }
scrape_configs:
  - { job_name: self, static_configs: [{ targets: ['127.0.0.1:${ports.prometheus}'] }] }
  - { job_name: app, scrape_interval: 1s, static_configs: [{ targets: ['127.0.0.1:${app.port}'] }] }
`,
    );
    start(parts.found("prometheus").path, [
      `--config.file=${join(folder, "p.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${ports.prometheus}`,
    ]);
    start(parts.found("prometheus-alertmanager").path, [
      `--config.file=${join(folder, "am.yml")}`,
      `--storage.path=${join(folder, "am")}`,
      `--web.listen-address=127.0.0.1:${ports.alertmanager}`,
      "--cluster.listen-address=",
    ]);
    await says(`http://127.0.0.1:${ports.alertmanager}/-/ready`, "");
    const query = `http://127.0.0.1:${ports.prometheus}/api/v1/query?query=job_up_sum`;
    for (const job of ["self", "app"]) await says(query, `"job":"${job}"`);
  }, 150_000);

  afterAll(async () => {
    for (const child of started) await endChild(child);
    await app[Symbol.asyncDispose]();
  });

  const check = (prometheus: object, alertmanager: object): Promise<StackResult> =>
    runStackPlan({
      timeoutMs: 20_000,
      services: {
        watch: {
          kind: "prometheus",
          url: `http://127.0.0.1:${ports.prometheus}`,
          jobs: ["self"],
          series: ["prometheus_build_info", "job_up_sum"],
          rules: ["TargetDown", "job_up_sum"],
          alertmanagers: 1,
          freshSeconds: 30,
          ...prometheus,
        },
        call: {
          kind: "alertmanager",
          url: `http://127.0.0.1:${ports.alertmanager}`,
          routes: [
            { labels: { severity: "page" }, receiver: "pager" },
            { labels: { severity: "ticket" }, receiver: "mail" },
          ],
          sink: { listen: `127.0.0.1:${ports.sink}`, labels: { severity: "page" } },
          ...alertmanager,
        },
      },
    });

  it("all pass, with an alert delivered and nobody called by the route check", async () => {
    const { words, sentences } = await check({}, {});
    expect([...new Set(Object.values(words))], JSON.stringify(sentences)).toEqual(["passed"]);
    expect(words["call.delivery"]).toBe("passed");
    expect(sentences["call.delivery"]).toContain("came to");
  });

  it("each false declaration turns its own check red and no other [R4-02]", async () => {
    const { words, sentences } = await check(
      { jobs: ["self", "nobody"], series: ["never_written"], rules: ["NotThere"] },
      { routes: [{ labels: { severity: "ticket" }, receiver: "pager" }], sink: undefined },
    );
    const failed = Object.keys(words).filter((id) => words[id]?.startsWith("failed") === true);
    expect(failed.toSorted(), JSON.stringify(sentences)).toEqual([
      "call.routes",
      "watch.fresh",
      "watch.rules",
      "watch.targets",
    ]);
  });

  it("uptime comes from the start that a process tells of itself, not from how long it was scraped, and its restarts are counted [R4-06]", async () => {
    const of = 'process_start_time_seconds{job="app"}';
    const said = async (more: object): Promise<string> => {
      const watch = { kind: "prometheus", url: `http://127.0.0.1:${ports.prometheus}` };
      const uptime = [{ of, seconds: 21 * 3_600, windowSeconds: 600, ...more }];
      const services = { watch: { ...watch, uptime } };
      const { words, sentences } = await runStackPlan({ timeoutMs: 20_000, services });
      return `${words["watch.uptime"]}: ${sentences["watch.uptime"]}`;
    };
    const sees = (query: string): Promise<void> =>
      says(
        `http://127.0.0.1:${ports.prometheus}/api/v1/query?query=${encodeURIComponent(query)}`,
        '"job"',
      );
    await sees(of);
    expect(await said({})).toMatch(/^passed/);
    expect(await said({ seconds: 3 * daySeconds })).toMatch(
      /^failed false: .*have run for 17\d{4} s/,
    );
    app.restart();
    await sees(`changes(${of}[600s]) == 1`);
    expect(await said({})).toMatch(/^failed false: .*have run for \d{1,3} s/);
    expect(await said({ seconds: 0.001 })).toMatch(/^failed false: .*were restarted: .* 1 times/);
    // One is accepted, but of ten minutes it was there for less than one: there may be more.
    const short = await said({ seconds: 0.001, restartsMax: 1 });
    expect(short).toMatch(/^not_tested .*are not all told/);
  }, 120_000);

  it("a stored window is decided by what Prometheus kept of it: kept, broken, and with a hole", async () => {
    const chat = { good: 'calls_total{code="200"}', total: "calls_total", sampleSeconds: 5 };
    const windows = [
      { ...chat, name: "kept", seconds: 10, objective: 0.98 },
      { ...chat, name: "broken", seconds: 10, objective: 0.995 },
      { ...chat, name: "hole", seconds: daySeconds, objective: 0.98, sampleSeconds: 60 },
      { ...chat, name: "absent", seconds: 10, objective: 0.98, total: "no_such_total" },
    ];
    const watch = { kind: "prometheus", url: `http://127.0.0.1:${ports.prometheus}`, windows };
    // Both halves of a window of ten seconds are to have samples, which a busy machine may lack.
    let seen: StackResult | undefined;
    await eventually(
      clock,
      async () => {
        seen = await runStackPlan({ timeoutMs: 20_000, services: { watch } });
        // Each window is a query of its own, at an instant of its own.
        const { words } = seen;
        return ["kept", "broken"].every((n) => words[`watch.window.${n}`] !== "inconclusive gaps");
      },
      60_000,
    );
    const { words = {}, sentences = {} } = seen ?? {};
    const said = Object.fromEntries(
      windows.map(({ name }) => [name, words[`watch.window.${name}`]]),
    );
    expect(said, JSON.stringify(sentences)).toEqual({
      kept: "passed",
      broken: "failed limit",
      hole: "inconclusive gaps",
      absent: "inconclusive gaps",
    });
    expect(sentences["watch.window.kept"]).toContain("99 % of");
  }, 120_000);
});
