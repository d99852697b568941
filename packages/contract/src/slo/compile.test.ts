import { describe, expect, test } from "vitest";
import { alertmanagerConfig, routingCases } from "./alertmanager.ts";
import { compileSlos, type SloOutputs } from "./compile.ts";
import { boundMatcher, expressionsOf } from "./expression.ts";
import { defaultIntervals, hourMs, minuteMs, plainSlo, type Receiver, type Slo } from "./model.ts";
import { alertNames, type PrometheusRule, ruleGroupsOf } from "./prometheus.ts";
import { promtoolTests } from "./promtool.ts";

const dayMs = 24 * hourMs;
const runbook = "https://runbooks.example.org/x";
const ratio: Slo = plainSlo({
  id: "chat.availability",
  service: "chat",
  sli: { kind: "ratio", bad: 'calls_total{code=~"5.."}', total: "calls_total" },
  objective: 0.995,
  windowMs: 30 * dayMs,
  runbook,
  escalation: [5, 15, 30].map((minutes, index) => ({
    afterMs: minutes * minuteMs,
    to: ["chat", "pager", "mail"][index] ?? "",
  })),
});
const latency: Slo = plainSlo({
  id: "chat.latency.p99",
  service: "chat",
  sli: {
    kind: "latency",
    underMs: 2000,
    histogram: 'took_seconds{route="r"}',
    bounds: [0.5, 1.5, 2],
  },
  objective: 0.99,
  windowMs: 30 * dayMs,
  runbook,
});
const receivers: readonly Receiver[] = [
  { name: "chat", kind: "chat", to: "/run/chat" },
  { name: "pager", kind: "pager", to: "/run/key" },
  { name: "mail", kind: "mail", to: "a@example.org", via: "m:25" },
];

const rulesOf = (slo: Slo): readonly PrometheusRule[] =>
  ruleGroupsOf(slo).flatMap(({ rules }) => rules);
const ruleOf = (slo: Slo, name: string): PrometheusRule => {
  const found = rulesOf(slo).find(({ alert, record }) => alert === name || record === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};
function compiled(slos: readonly Slo[], more: readonly Receiver[] = receivers): SloOutputs {
  const made = compileSlos({ slos, receivers: more, intervals: defaultIntervals, claims: [] });
  if (!made.ok) throw new Error(JSON.stringify(made.problems));
  return made.outputs;
}

describe("recorded series", () => {
  test("a share is recorded for each window with the labels that tell SLOs apart", () => {
    const rows = rulesOf(ratio).filter(({ record }) =>
      record?.startsWith("slo:sli_error:ratio_rate"),
    );
    expect(rows.map(({ record }) => record?.slice("slo:sli_error:ratio_rate".length))).toEqual([
      "5m",
      "30m",
      "1h",
      "2h",
      "6h",
      "1d",
      "3d",
    ]);
    expect(rows[2]).toEqual({
      record: "slo:sli_error:ratio_rate1h",
      expr: 'sum(rate(calls_total{code=~"5.."}[1h])) / (sum(rate(calls_total[1h])) > 0)',
      labels: {
        sloth_id: "chat.availability",
        sloth_service: "chat",
        sloth_slo: "availability",
        sloth_window: "1h",
      },
    });
  });

  test("objective, budget, period, burn and what is left have the names other tools read", () => {
    const expressions = [
      "slo:objective:ratio",
      "slo:error_budget:ratio",
      "slo:time_period:days",
    ].map((name) => ruleOf(ratio, name).expr);
    expect(expressions).toEqual(["vector(0.995)", "vector(0.005)", "vector(30)"]);
    expect(ruleOf(ratio, "slo:period_burn_rate:ratio").expr).toContain("[30d]");
    expect(ruleOf(ratio, "slo:period_error_budget_remaining:ratio").expr).toContain(
      "1 - slo:period_burn_rate:ratio{",
    );
    expect(ruleOf(ratio, "slo:current_burn_rate:ratio").expr).toContain("/ 0.005");
  });

  test("a latency is the share over a bound, read as 2 and as 2.0", () => {
    expect(boundMatcher(2000)).toBe(String.raw`le=~"2|2\\.0"`);
    expect(boundMatcher(1500)).toBe('le="1.5"');
    expect(expressionsOf(latency)?.errorShare("1h")).toBe(
      String.raw`1 - sum(rate(took_seconds_bucket{route="r",le=~"2|2\\.0"}[1h])) / (sum(rate(took_seconds_count{route="r"}[1h])) > 0)`,
    );
  });

  test("slices, throughput and freshness count time by a recorded 0 or 1", () => {
    const sliced: Slo = {
      ...ratio,
      method: { kind: "timeslices", sliceMs: minuteMs, target: 0.9 },
    };
    const flow: Slo = { ...ratio, sli: { kind: "throughput", minPerSecond: 20, good: "ok_total" } };
    const fresh: Slo = {
      ...ratio,
      sli: { kind: "freshness", withinMs: 60_000, timestamp: "newest" },
    };
    expect(ruleOf(sliced, "slo:slice_good:bool").expr).toContain("[60s])) > 0))) >= bool 0.9)");
    expect(ruleOf(flow, "slo:slice_good:bool").expr).toBe("(sum(rate(ok_total[5m])) >= bool 20)");
    expect(ruleOf(fresh, "slo:slice_good:bool").expr).toBe("((time() - max(newest)) <= bool 60)");
    for (const slo of [sliced, flow, fresh]) {
      expect(ruleOf(slo, "slo:sli_error:ratio_rate1h").expr).toBe(
        '1 - avg_over_time(slo:slice_good:bool{sloth_id="chat.availability",sloth_service="chat"}[1h])',
      );
      expect(promtoolTests(slo, "r.yml")).toBe(null);
    }
  });

  test("an SLO that names no series has no rule", () => {
    for (const sli of [
      { kind: "ratio" },
      { kind: "loss" },
      { kind: "throughput", minPerSecond: 1 },
      { kind: "freshness", withinMs: 1 },
      { kind: "ratio", total: "x" },
    ] as const) {
      expect(ruleGroupsOf({ ...ratio, sli })).toEqual([]);
    }
  });
});

describe("alerts", () => {
  test("a page wants both windows of a pair and enough events, a ticket sees thin traffic", () => {
    const page = ruleOf(ratio, alertNames.burn);
    expect(page.expr).toContain(
      'ratio_rate1h{sloth_id="chat.availability",sloth_service="chat"} > 0.072)',
    );
    expect(page.expr).toContain("ratio_rate30m{");
    expect(page.expr).toContain("and on () (sum(increase(calls_total[1h])) >= 20)");
    expect(page.expr).toContain("and on () (sum(increase(calls_total[6h])) >= 20)");
    expect(page.annotations?.["runbook_url"]).toBe(runbook);
    const ticket = ruleOf(ratio, alertNames.ticket);
    expect(ticket.expr).not.toContain("increase");
    expect(ticket.labels).toEqual({ severity: "ticket" });
  });

  test("a page that lasts 5, 15 and 30 minutes goes up three levels", () => {
    const levels = rulesOf(ratio).filter(({ alert }) => alert === alertNames.escalation);
    expect(levels.map((rule) => [rule.for, rule.labels?.["level"]])).toEqual([
      ["5m", "1"],
      ["15m", "2"],
      ["30m", "3"],
    ]);
    expect(levels[0]?.expr).toContain('ALERTS{alertname="LoadlineSloBurn",alertstate="firing"');
  });

  test("a static alert has the window it was promised for, and no burn rate stands beside it", () => {
    const short: Slo = {
      ...latency,
      windowMs: hourMs,
      alerts: { mode: "static", static: [{ severity: "page", overMs: 4 * hourMs, above: 0.01 }] },
    };
    expect(ruleOf(short, alertNames.static)).toMatchObject({
      labels: { severity: "page", over: "4h" },
    });
    expect(ruleOf(short, alertNames.static).expr).toContain("ratio_rate4h{");
    expect(ruleOf(short, "slo:sli_error:ratio_rate4h").expr).toContain("[4h]");
    expect(rulesOf(short).some(({ alert }) => alert === alertNames.burn)).toBe(false);
  });

  test("lost records page at the first one, missing series tell after 15 minutes", () => {
    const loss: Slo = { ...ratio, objective: 1, sli: { kind: "loss", lost: "lost_total" } };
    expect(ruleOf(loss, alertNames.loss)).toMatchObject({
      expr: "sum(increase(lost_total[1h])) > 0",
      labels: { severity: "page" },
    });
    expect(ruleOf(ratio, alertNames.noData)).toMatchObject({
      expr: "group(absent(calls_total))",
      for: "15m",
    });
  });

  test("every alert carries the labels of its SLO and none of a window", () => {
    const labelled: Slo = { ...ratio, labels: { team: "core" } };
    for (const rule of rulesOf(labelled).filter(({ alert }) => alert !== undefined)) {
      expect(rule.labels).toMatchObject({ team: "core" });
      expect(rule.labels).not.toHaveProperty("sloth_window");
    }
  });
});

describe("what is made beside the rules", () => {
  test("pages go to the pager, tickets to the chat, levels where they lead, a page mutes its ticket", () => {
    const config = alertmanagerConfig({ slos: [ratio], receivers });
    expect(config).toHaveProperty("inhibit_rules.0.equal", ["sloth_service", "sloth_slo"]);
    expect(config).toHaveProperty("route.receiver", "chat");
    const cases = routingCases({ slos: [ratio], receivers });
    expect(
      cases.map((one) => [one.labels["alertname"], one.labels["level"], one.receivers.join()]),
    ).toEqual([
      [alertNames.burn, undefined, "pager"],
      [alertNames.escalation, "1", "chat"],
      [alertNames.escalation, "2", "pager"],
      [alertNames.escalation, "3", "mail"],
      [alertNames.ticket, undefined, "chat"],
    ]);
  });

  test("secrets are files, and a receiver without an address is named as mute", () => {
    const text = JSON.stringify(
      alertmanagerConfig({
        slos: [ratio],
        receivers: [...receivers, { name: "hook", kind: "webhook", to: "http://127.0.0.1:9/" }],
      }),
    );
    expect(text).toContain('"api_url_file":"/run/chat"');
    expect(text).toContain('"routing_key_file":"/run/key"');
    expect(text).toContain('"smarthost":"m:25"');
    expect(text).toContain('"url":"http://127.0.0.1:9/"');
    const mute = (some: readonly Receiver[]): readonly string[] => {
      const made = compileSlos({
        slos: [latency],
        receivers: some,
        intervals: defaultIntervals,
        claims: [],
      });
      return made.ok ? made.mute : ["refused"];
    };
    expect([mute([]), mute(receivers), mute([{ name: "p", kind: "pager" }])]).toEqual([
      ["nobody"],
      [],
      ["p"],
    ]);
  });

  test("the dashboard asks for nothing that the rules do not record", () => {
    const { dashboard, objectives } = compiled([ratio, latency]);
    const recorded = new Set(
      objectives.flatMap(({ rules }) =>
        rules.groups.flatMap((group) => group.rules.map(({ record }) => record)),
      ),
    );
    const asked = [...JSON.stringify(dashboard).matchAll(/"expr":"([\w:]+)\{/g)].map(
      ([, name]) => name,
    );
    expect(asked).toHaveLength(6);
    for (const name of asked) expect(recorded).toContain(name);
    expect(JSON.stringify(dashboard).match(/"expr"/g)).toHaveLength(6);
  });

  test("each detection time is looked at before and after it", () => {
    const document = promtoolTests(ratio, "../rules/x.yml");
    const text = JSON.stringify(document);
    expect(document).toHaveProperty("rule_files", ["../rules/x.yml"]);
    for (const title of [
      "100 % of events fail",
      "10 % of events fail",
      "2 % of events fail",
      "a restart",
      "no traffic",
      "15 minutes",
      "zero sample",
      "unborn",
    ]) {
      expect(text).toContain(title);
    }
    // 2 % after six hours of history is a ticket after 120 minutes.
    expect(text).toMatch(
      /LoadlineSloTicket[^}]*\}\) or vector\(0\)","eval_time":"473m","exp_samples":\[\{"labels":"\{\}","value":0/,
    );
    expect(text).toMatch(
      /LoadlineSloTicket[^}]*\}\) or vector\(0\)","eval_time":"484m","exp_samples":\[\{"labels":"\{\}","value":1/,
    );
  });

  test("series are made up for good events, for histograms and for counters of their own", () => {
    const series = (sli: Slo["sli"]): string[] => {
      const text = JSON.stringify(promtoolTests({ ...ratio, sli }, "r.yml"));
      return [
        ...new Set(
          [...text.matchAll(/"series":"((?:[^"\\]|\\.)*)"/g)].map(([, name = ""]) =>
            name.replaceAll("\\", ""),
          ),
        ),
      ];
    };
    expect(series({ kind: "ratio", good: 'ok{c="200"}', total: "all" })).toEqual([
      "all",
      'ok{c="200"}',
      "up",
    ]);
    expect(series({ kind: "ratio", good: 'all{c="200"}', total: "all" })).toEqual([
      "all",
      'all{c="200"}',
      "up",
    ]);
    expect(series({ kind: "latency", underMs: 2000, histogram: "h" })).toEqual([
      "h_count",
      'h_bucket{le="2"}',
      "up",
    ]);
    expect(series(ratio.sli)).toEqual(["calls_total", 'calls_total{code="500"}', "up"]);
    expect(
      promtoolTests({ ...ratio, sli: { kind: "ratio", bad: 'b{c=~"(?!)"}', total: "t" } }, "r.yml"),
    ).toBe(null);
  });

  test("an SLO without series is left out of every output and named", () => {
    const made = compileSlos({
      slos: [ratio, { ...latency, sli: { kind: "latency", underMs: 2000 } }],
      receivers,
      intervals: defaultIntervals,
      claims: [],
    });
    expect(made.ok && [made.outputs.objectives.map(({ id }) => id), made.lint.unwatched]).toEqual([
      ["chat.availability"],
      ["chat.latency.p99"],
    ]);
  });
});
