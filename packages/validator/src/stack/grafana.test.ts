import { describe, expect, it } from "vitest";
import { startGrafanaTwin } from "./stubs/grafana.ts";
import { againstTwin, twinSuite } from "./twin-suite.fixture.ts";

twinSuite("grafana", startGrafanaTwin);

describe("a dashboard", () => {
  it("without a panel that asks for data is a failure", async () => {
    const rules = [{ when: "GET /api/dashboards", reply: '{"dashboard":{"panels":[]}}' }];
    const { sentences } = await againstTwin(startGrafanaTwin, rules);
    expect(sentences["it.panels"]).toContain("0 panels ask for data");
  });

  it("whose query fails is told by the panel's title", async () => {
    const rules = [{ when: "POST /api/ds/query", status: 500, reply: "{}" }];
    const { sentences } = await againstTwin(startGrafanaTwin, rules);
    expect(sentences["it.panels"]).toContain("Requests failed with 500");
  });
});
