import { describe, expect, it } from "vitest";
import { prometheusService } from "./services/prometheus.ts";
import { startAlertmanagerTwin } from "./stubs/alertmanager.ts";
import { startPrometheusTwin } from "./stubs/prometheus.ts";
import { againstTwin, twinSuite } from "./twin-suite.fixture.ts";

twinSuite("prometheus", startPrometheusTwin);
twinSuite("alertmanager", startAlertmanagerTwin);

describe("Prometheus", () => {
  it("a job without a target fails by its own name alone", async () => {
    const { words, sentences } = await againstTwin(startPrometheusTwin, [], {
      jobs: ["api", "db"],
    });
    expect(words["it.targets"]).toBe("failed false");
    expect(sentences["it.targets"]).toContain("Job db has 0 targets.");
  });

  it("a series without samples is no fresh one", async () => {
    const none = '{"status":"success","data":{"resultType":"vector","result":[]}}';
    const rules = [{ when: "GET /api/v1/query?query=time()%20-%20timestamp(http", reply: none }];
    const { words, sentences } = await againstTwin(startPrometheusTwin, rules);
    expect(words["it.fresh"]).toBe("failed false");
    expect(sentences["it.fresh"]).toContain("no sample");
  });

  it("the age of what a function makes is not taken for that of its samples", () => {
    const read = (series: string) =>
      prometheusService.safeParse({
        kind: "prometheus",
        url: "http://127.0.0.1:1",
        series: [series],
      });
    for (const one of ["rate(x[5m])", "sum by (job) (up)", "x + y", "x[5m]", "x offset 1h", "{"]) {
      expect([one, read(one).success]).toEqual([one, false]);
    }
    expect(JSON.stringify(read("rate(x[5m])").error)).toContain("give a selector");
    for (const one of ["up", "job:x:rate5m", 'x{path="/a/{id}",code=~"5.."}', "{__name__='x'}"]) {
      expect([one, read(one).success]).toEqual([one, true]);
    }
  });

  it("a route the version lacks is an error of the check, never a failure [R2-57]", async () => {
    const rules = [{ when: "GET /api/v1/rules", status: 404, reply: "404 page not found" }];
    const { words } = await againstTwin(startPrometheusTwin, rules);
    expect(words["it.rules"]).toBe("error probe_contract");
  });

  it("no target at all is a failure", async () => {
    const rules = [
      { when: "GET /api/v1/targets", reply: '{"status":"success","data":{"activeTargets":[]}}' },
    ];
    const { sentences } = await againstTwin(startPrometheusTwin, rules);
    expect(sentences["it.targets"]).toContain("It scrapes nothing.");
  });
});

describe("processes whose start is told", () => {
  const start = 'process_start_time_seconds{job="api"}';
  const answer = (...values: readonly string[]) =>
    JSON.stringify({
      status: "success",
      data: {
        result: values.map((value, at) => ({
          metric: { job: "api", instance: `a:${at}` },
          value: [1, value],
        })),
      },
    });
  const asked = (query: string) => `GET /api/v1/query?query=${query}`;
  const ran = asked("time()%20-%20process_start");
  const changed = asked("changes(");
  const known = asked("time()%20-%20min_over_time");
  const uptimeOf = async (rules: readonly { when: string; reply: string }[], more = {}) => {
    const uptime = [{ of: start, seconds: 3_600, restartsMax: 2, ...more }];
    const { words, sentences } = await againstTwin(startPrometheusTwin, rules, { uptime });
    return `${words["it.uptime"]}: ${sentences["it.uptime"]}`;
  };

  it("the youngest of several counts, and none at all is not for long", async () => {
    const young = await uptimeOf([{ when: ran, reply: answer("90000", "3599") }]);
    expect(young).toMatch(/^failed false: .*2 processes have run for 3599 s/);
    expect(await uptimeOf([{ when: ran, reply: answer() }])).toMatch(/^failed .*no sample/);
  });

  it("more restarts than declared of one process are told by its name, as many as declared are not", async () => {
    const often = await uptimeOf([{ when: changed, reply: answer("2", "3") }]);
    expect(often).toMatch(/^failed false: .*In 86400 s were restarted: a:1 3 times\.$/);
    expect(await uptimeOf([{ when: changed, reply: answer("2", "0") }])).toMatch(/^passed/);
  });

  it("where the history is shorter than the window, no restart is not none: not tested", async () => {
    const rules = [
      { when: ran, reply: answer("7200") },
      { when: known, reply: answer("600") },
    ];
    expect(await uptimeOf(rules)).toMatch(/^not_tested .*It knows process_start\S+ for 600 s/);
    const whole = [rules[0] ?? { when: "", reply: "" }, { when: known, reply: answer("86350") }];
    expect(await uptimeOf(whole)).toMatch(/^passed/);
    // Of the youngest no step has a sample: its own history is not told by that of the others.
    const alone = [rules[0] ?? { when: "", reply: "" }, { when: known, reply: answer() }];
    expect(await uptimeOf(alone)).toMatch(/^not_tested .*It knows process_start\S+ for 0 s/);
    const beside = [
      { when: ran, reply: answer("90000", "7200") },
      { when: changed, reply: answer("0", "0") },
      { when: known, reply: answer("86400") },
    ];
    expect(await uptimeOf(beside)).toMatch(/^not_tested .*It knows process_start\S+ for 0 s/);
    const often = [...rules, { when: changed, reply: answer("9") }];
    expect(await uptimeOf(often)).toMatch(/^failed false: .*a:0 9 times/);
  });
});
