import type { StackRule } from "../probe.ts";
import type { StackTwin } from "./twin.ts";
import { jsonReply, startWebStub } from "./web.ts";

const token = "token-of-the-grafana-twin";
const targets = [{ refId: "A", expr: "up{job='$job'}" }];
/** Panels as people leave them: of a variable source, of the default one, out of the library. */
const row = [
  { id: 1, title: "Requests", datasource: { type: "prometheus", uid: "${source}" }, targets },
  { id: 2, title: "Errors", datasource: null, targets },
  { id: 3, libraryPanel: { uid: "shared", name: "Tokens" } },
];
const shared = { title: "Tokens", datasource: "Metrics", targets };
const source = { uid: "prom-1", type: "prometheus", name: "Metrics", isDefault: true };

/** A Grafana of one dashboard whose query has data for the dashboard's own job; not the real one. */
export async function startGrafanaTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const list = [
    { name: "job", current: { value: "api" } },
    { name: "source", type: "datasource", current: { value: source.uid } },
  ];
  const panels = [{ type: "row", panels: row }, { type: "text" }];
  const dashboard = { templating: { list }, panels };
  const stub = await startWebStub(
    rules,
    [
      { when: "GET /api/health", answer: jsonReply({ database: "ok", version: "11.2.0" }) },
      { when: "GET /api/dashboards/uid/main", answer: jsonReply({ dashboard }) },
      { when: "GET /api/datasources", answer: jsonReply([source]) },
      {
        when: "GET /api/library-elements/shared",
        answer: jsonReply({ result: { model: shared } }),
      },
      {
        when: "POST /api/ds/query",
        answer: ({ text }) => {
          const isTold = text.includes("job='api'") && text.includes('"uid":"prom-1"');
          const values = isTold ? [[1, 2]] : [];
          return jsonReply({ results: { A: { frames: [{ data: { values } }] } } });
        },
      },
    ],
    {
      guard: ({ path, headers }) =>
        path === "/api/health" || headers.authorization === `Bearer ${token}`
          ? null
          : { status: 401, reply: "" },
    },
  );
  return {
    service: {
      kind: "grafana",
      url: stub.url,
      token: "${env:GRAFANA_TOKEN}",
      version: "11.2",
      dashboards: ["main"],
    },
    secrets: { GRAFANA_TOKEN: token },
    [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose](),
  };
}
