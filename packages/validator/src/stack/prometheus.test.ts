import { describe, expect, it } from "vitest";
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
