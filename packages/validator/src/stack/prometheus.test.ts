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
