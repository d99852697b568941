import type { JsonRecord } from "@loadline/kit/json";
import type { StackContext, StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { isRecord } from "@loadline/kit/json";
import { LacksFeature, NothingThere } from "../wire/fault.ts";
import {
  filled,
  hasOldFrames,
  panelsOf,
  shownTargets,
  valuesIn,
  variablesOf,
} from "../wire/grafana-queries.ts";
import { recordsIn, textIn, valueIn } from "../wire/shape.ts";
import { askWeb, lacksRoute, needJson, readJson } from "../wire/web.ts";
import { refusedSeen } from "./refused.ts";
import { versionProbe } from "./version.ts";
import { webAnswers } from "./web-answers.ts";

type GrafanaProbe = StackProbe<ServiceOf<"grafana">>;
type GrafanaContext = StackContext<ServiceOf<"grafana">>;

const panelsMax = 200;

/** The model of a panel out of the library: the dashboard holds its name alone. */
async function wholePanel(context: GrafanaContext, panel: JsonRecord): Promise<JsonRecord> {
  const uid = textIn(panel, "libraryPanel.uid");
  if (uid === "" || recordsIn(panel, "targets").length > 0) return panel;
  const path = `/api/library-elements/${encodeURIComponent(uid)}`;
  const model = valueIn((await needJson(context, { path })).json, "result.model");
  return isRecord(model) ? { ...panel, ...model } : panel;
}

/** The source of a panel that names it as older versions did, by name, or leaves it to the default. */
async function sourceOf(context: GrafanaContext, said: unknown): Promise<unknown> {
  const uid = textIn(said, "uid");
  if (isRecord(said) && uid !== "" && uid !== "default") return said;
  const answer = await askWeb(context, { path: "/api/datasources" });
  if (answer.status !== 200) {
    throw new NothingThere(`The login may not list the data sources (${answer.status}).`);
  }
  const all = recordsIn(answer.json, "");
  const isIt = (one: JsonRecord): boolean =>
    typeof said === "string" && said !== "" && said !== "default"
      ? one["name"] === said || one["uid"] === said
      : one["isDefault"] === true;
  const found = all.find(isIt);
  return found === undefined ? said : { uid: textIn(found, "uid"), type: textIn(found, "type") };
}

async function panelSeen(
  context: GrafanaContext,
  panel: JsonRecord,
  dashboard: unknown,
): Promise<Pick<StackSeen, "ok" | "seen" | "raw" | "reproduce">> {
  const variables = variablesOf(dashboard);
  const whole = await wholePanel(context, panel);
  const queries: unknown[] = [];
  for (const target of shownTargets(whole)) {
    const own = filled(target["datasource"] ?? whole["datasource"], variables);
    const datasource = await sourceOf(context, own);
    const shape = { intervalMs: 15_000, maxDataPoints: 500 };
    queries.push(filled({ ...shape, ...target, datasource }, variables));
  }
  const json = { queries, from: context.service.from, to: "now" };
  const path = "/api/ds/query";
  const answer = await askWeb(context, { method: "POST", path, json });
  // A source that is not there is said so; a route that is not there is said by no such words.
  if (lacksRoute(answer) && !/data ?source/i.test(textIn(answer.json, "message"))) {
    const version = context.facts.get("version") ?? "";
    throw new LacksFeature(`Grafana ${version} takes no POST ${path}: ${answer.status}.`);
  }
  if (hasOldFrames(answer.json)) {
    const version = context.facts.get("version") ?? "";
    throw new LacksFeature(`Grafana ${version} answers POST ${path} with no frames of JSON.`);
  }
  const count = answer.status === 200 ? valuesIn(answer.json) : null;
  const title = textIn(whole, "title") || textIn(panel, "title") || `panel ${textIn(panel, "id")}`;
  const what = count === null ? `failed with ${answer.status}` : `gave ${count} values`;
  const ok = count !== null && count > 0;
  const raw = answer.text;
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
    let unseen: NothingThere | null = null;
    for (const part of context.service.dashboards) {
      const path = `/api/dashboards/uid/${part}`;
      const answer = await askWeb(context, { path });
      if (answer.status === 404 && /dashboard not found/i.test(textIn(answer.json, "message"))) {
        const seen = "There is no such dashboard.";
        all.push({
          ok: false,
          seen,
          part,
          raw: answer.text,
          reproduce: answer.curl,
        });
        continue;
      }
      const dashboard = valueIn(readJson({ path }, answer).json, "dashboard");
      const found = panelsOf(dashboard);
      if (found.length === 0 || found.length > panelsMax) {
        const seen = `${found.length} panels ask for data.`;
        all.push({ ok: false, seen, part, reproduce: answer.curl });
        continue;
      }
      for (const panel of found) {
        try {
          all.push({ ...(await panelSeen(context, panel, dashboard)), part });
        } catch (error) {
          if (!(error instanceof NothingThere)) throw error;
          unseen ??= error;
        }
      }
    }
    if (unseen === null) return all;
    // A panel nobody may ask hides none that was seen to fail, and lets no dashboard pass.
    const bad = all.filter(({ ok }) => !ok);
    if (bad.length === 0) throw unseen;
    return bad;
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
    return [refusedSeen("no login", bare), refusedSeen("maker's password", maker)];
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
    read: ({ json }) => {
      if (!isRecord(json) || json["database"] !== "ok") return null;
      // One that hides its version from strangers says nothing else; who says more is another.
      return textIn(json, "version") || (Object.keys(json).length === 1 ? "unknown" : null);
    },
    saboteur: [{ when: "GET /api/health", reply: '{"database":"failing","version":"11.2.0"}' }],
  }),
  versionProbe("grafana", "answers", [
    { when: "GET /api/health", reply: '{"database":"ok","version":"4.0.0"}' },
  ]),
  panels,
  locked,
];
