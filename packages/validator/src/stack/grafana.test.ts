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

describe("a panel's source", () => {
  it("that only a list of sources tells is not guessed where the login may not read it", async () => {
    const rules = [{ when: "GET /api/datasources", status: 403, reply: "{}" }];
    const { words, sentences } = await againstTwin(startGrafanaTwin, rules);
    expect(words["it.panels"]).toBe("not_tested capability_missing");
    expect(sentences["it.panels"]).toContain("may not list the data sources (403)");
  });

  it("that may not be read hides no panel that was seen to fail", async () => {
    const rules = [
      { when: "GET /api/datasources", status: 403, reply: "{}" },
      { when: "POST /api/ds/query", status: 500, reply: "{}" },
    ];
    const { words, sentences } = await againstTwin(startGrafanaTwin, rules);
    expect(words["it.panels"]).toBe("failed false");
    expect(sentences["it.panels"]).toContain("Requests failed with 500");
  });

  it("that may not be read leaves its dashboard untold beside one that fails", async () => {
    const panel = (title: string, datasource: object | null) => ({
      id: 1,
      title,
      datasource,
      targets: [{ refId: "A", expr: "up{job='api'}" }],
    });
    const own = { type: "prometheus", uid: "prom-1" };
    const board = (panels: readonly object[]): string => JSON.stringify({ dashboard: { panels } });
    const rules = [
      { when: "GET /api/datasources", status: 403, reply: "{}" },
      {
        when: "GET /api/dashboards/uid/half",
        reply: board([panel("Seen", own), panel("Hidden", null)]),
      },
      {
        when: "GET /api/dashboards/uid/dead",
        reply: board([panel("Dead", { ...own, uid: "gone" })]),
      },
    ];
    const more = { dashboards: ["half", "dead"] };
    const { words, evidence } = await againstTwin(startGrafanaTwin, rules, more);
    expect(words["it.panels"]).toBe("failed false");
    expect(evidence).toContain("Dead gave 0 values");
    expect(evidence).not.toContain("Seen gave");
  });

  it("of a variable is asked by the variable's value, and another one shows nothing", async () => {
    const rules = [
      {
        when: 'POST /api/ds/query {"queries":[{"intervalMs":15000,"maxDataPoints":500,"refId":"A","expr":"up{job=\'api\'}","datasource":{"type":"prometheus","uid":"prom-1"}',
        reply: '{"results":{}}',
      },
    ];
    const { sentences } = await againstTwin(startGrafanaTwin, rules);
    expect(sentences["it.panels"]).toContain("Requests gave 0 values");
  });

  it("of a panel out of the library is that of the library, and a lost one is no pass", async () => {
    const empty = [{ when: "GET /api/library-elements/shared", reply: '{"result":{"model":{}}}' }];
    const { words } = await againstTwin(startGrafanaTwin, empty);
    expect(words["it.panels"]).not.toContain("passed");
    const gone = [{ when: "GET /api/library-elements/shared", status: 500, reply: "{}" }];
    expect((await againstTwin(startGrafanaTwin, gone)).words["it.panels"]).toBe("failed false");
  });
});
