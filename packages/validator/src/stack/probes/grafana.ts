import type { JsonRecord } from "@loadline/kit/json";
import type { StackContext, StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { isRecord } from "@loadline/kit/json";
import { recordsIn, textIn, valueIn } from "../wire/shape.ts";
import { askWeb, needJson } from "../wire/web.ts";
import { versionProbe } from "./version.ts";
import { webAnswers } from "./web-answers.ts";

type GrafanaProbe = StackProbe<ServiceOf<"grafana">>;
type GrafanaContext = StackContext<ServiceOf<"grafana">>;

const panelsMax = 200;

/** Panels of a dashboard, those inside rows too; texts and rows ask nothing. */
function panelsOf(dashboard: unknown): JsonRecord[] {
  return recordsIn(dashboard, "panels").flatMap((panel) => [
    ...(recordsIn(panel, "targets").length > 0 ? [panel] : []),
    ...panelsOf(panel),
  ]);
}

/** A query with the dashboard's variables as they stand in it. */
function filled(target: JsonRecord, dashboard: unknown): JsonRecord {
  const variables = recordsIn(dashboard, "templating.list").map((one) => {
    const value = textIn(one, "current.value") || textIn(one, "current.value.0");
    return [textIn(one, "name"), value === "$__all" ? ".*" : value] as const;
  });
  const fill = (text: string): string => {
    let out = text;
    for (const [name, value] of variables) {
      out = out.replaceAll(`\${${name}}`, value).replaceAll(`$${name}`, value);
    }
    return out;
  };
  const entries = Object.entries(target);
  return Object.fromEntries(entries.map(([k, v]) => [k, typeof v === "string" ? fill(v) : v]));
}

/** Values in the frames of an answer; null where a query of it failed. */
function valuesIn(json: unknown): number | null {
  const results = valueIn(json, "results");
  let count = 0;
  for (const result of isRecord(results) ? Object.values(results) : []) {
    if (textIn(result, "error") !== "") return null;
    for (const frame of recordsIn(result, "frames")) {
      const columns = valueIn(frame, "data.values");
      const all: readonly unknown[] = Array.isArray(columns) ? columns : [];
      // The first of several columns holds the times: a time without a value shows nothing.
      for (const column of all.length > 1 ? all.slice(1) : all) {
        const held: readonly unknown[] = Array.isArray(column) ? column : [];
        count += held.filter((one) => one !== null).length;
      }
    }
  }
  return count;
}

async function panelSeen(
  context: GrafanaContext,
  panel: JsonRecord,
  dashboard: unknown,
): Promise<Pick<StackSeen, "ok" | "seen" | "raw" | "reproduce">> {
  const queries = recordsIn(panel, "targets").map((target) => ({
    datasource: panel["datasource"],
    intervalMs: 15_000,
    maxDataPoints: 500,
    ...filled(target, dashboard),
  }));
  const json = { queries, from: context.service.from, to: "now" };
  const answer = await askWeb(context, { method: "POST", path: "/api/ds/query", json });
  const count = answer.status === 200 ? valuesIn(answer.json) : null;
  const title = textIn(panel, "title") || `panel ${textIn(panel, "id")}`;
  const what = count === null ? `failed with ${answer.status}` : `gave ${count} values`;
  const ok = count !== null && count > 0;
  const raw = answer.text.slice(0, 2_048);
  return { ok, seen: `${title} ${what}.`, raw, reproduce: answer.curl };
}

const panels: GrafanaProbe = {
  kind: "grafana",
  check: "panels",
  summary: "every panel shows data",
  needs: ["answers"],
  checklist: ["R4-03", "R2-58"],
  severity: "high",
  claim: (service) => ({
    statement: `the query of every panel returns data since ${service.from}`,
    category: "Monitoring & Observability",
    rationale: "An empty panel is noticed in the night it is needed.",
    parts: service.dashboards,
  }),
  saboteur: [
    { when: "POST /api/ds/query", reply: '{"results":{"A":{"frames":[{"data":{"values":[]}}]}}}' },
  ],
  async run(context) {
    const all: StackSeen[] = [];
    for (const part of context.service.dashboards) {
      const answer = await needJson(context, { path: `/api/dashboards/uid/${part}` });
      const dashboard = valueIn(answer.json, "dashboard");
      const found = panelsOf(dashboard);
      if (found.length === 0 || found.length > panelsMax) {
        const seen = `${found.length} panels ask for data.`;
        all.push({ ok: false, seen, part, reproduce: answer.curl });
        continue;
      }
      for (const panel of found)
        all.push({ ...(await panelSeen(context, panel, dashboard)), part });
    }
    return all;
  },
};

const locked: GrafanaProbe = {
  kind: "grafana",
  check: "locked",
  summary: "nobody comes in with the maker's password",
  needs: ["answers"],
  checklist: ["R1-26"],
  severity: "critical",
  claim: () => ({
    statement: "no login and admin with the maker's password are refused",
    category: "Security & Compliance",
    rationale: "Whoever reads the dashboards knows when nobody looks.",
    parts: ["no login", "maker's password"],
  }),
  saboteur: [{ when: "GET /api/org", reply: '{"id":1}' }],
  async run(context) {
    const login = { user: "admin", password: "admin" };
    const bare = await askWeb(context, { path: "/api/org", login: "none" });
    const maker = await askWeb(context, { path: "/api/org", login });
    return [
      { part: "no login", answer: bare },
      { part: "maker's password", answer: maker },
    ].map(({ part, answer }) => ({
      ok: answer.status === 401 || answer.status === 403,
      seen: `Answered with ${answer.status}: ${part}.`,
      part,
      reproduce: answer.curl,
    }));
  },
};

/** Checks of Grafana, in the order they run. */
export const grafanaProbes: readonly StackProbe[] = [
  webAnswers({
    kind: "grafana",
    title: "Grafana",
    path: "/api/health",
    checklist: ["R4-03"],
    rationale: "Without its dashboards numbers are kept and not seen.",
    read: ({ json }) =>
      textIn(json, "database") === "ok" ? textIn(json, "version") || null : null,
    saboteur: [{ when: "GET /api/health", reply: '{"database":"failing","version":"11.2.0"}' }],
  }),
  versionProbe("grafana", "answers", [
    { when: "GET /api/health", reply: '{"database":"ok","version":"4.0.0"}' },
  ]),
  panels,
  locked,
];
