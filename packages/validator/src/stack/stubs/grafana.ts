import type { StackRule } from "../probe.ts";
import type { StackTwin } from "./twin.ts";
import { jsonReply, startWebStub } from "./web.ts";

const token = "token-of-the-grafana-twin";
const panel = { id: 1, title: "Requests", targets: [{ refId: "A", expr: "up{job='$job'}" }] };

/** A Grafana of one dashboard whose query has data for the dashboard's own job; not the real one. */
export async function startGrafanaTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const templating = { list: [{ name: "job", current: { value: "api" } }] };
  const dashboard = { templating, panels: [{ type: "row", panels: [panel] }, { type: "text" }] };
  const stub = await startWebStub(
    rules,
    [
      { when: "GET /api/health", answer: jsonReply({ database: "ok", version: "11.2.0" }) },
      { when: "GET /api/dashboards/uid/main", answer: jsonReply({ dashboard }) },
      {
        when: "POST /api/ds/query",
        answer: ({ text }) => {
          const values = text.includes("job='api'") ? [[1, 2]] : [];
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
