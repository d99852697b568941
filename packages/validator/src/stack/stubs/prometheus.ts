import type { StackRule } from "../probe.ts";
import type { StackTwin } from "./twin.ts";
import { jsonReply, startWebStub } from "./web.ts";

const success = (data: unknown) => jsonReply({ status: "success", data });
const sample = { metric: { job: "api", instance: "a:1" }, value: [1_700_000_000, "4.2"] };
const target = { labels: { job: "api", instance: "a:1" }, health: "up", lastError: "" };

/** A Prometheus with one target, one rule and one Alertmanager. */
export async function startPrometheusTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const stub = await startWebStub(rules, [
    { when: "GET /api/v1/status/buildinfo", answer: success({ version: "2.42.0" }) },
    { when: "GET /api/v1/targets", answer: success({ activeTargets: [target] }) },
    { when: "GET /api/v1/query", answer: success({ resultType: "vector", result: [sample] }) },
    {
      when: "GET /api/v1/rules",
      answer: success({ groups: [{ rules: [{ name: "ApiDown", health: "ok" }] }] }),
    },
    {
      when: "GET /api/v1/alertmanagers",
      answer: success({ activeAlertmanagers: [{ url: "http://am/api/v2/alerts" }] }),
    },
  ]);
  const service = {
    kind: "prometheus",
    url: stub.url,
    version: "2.42",
    jobs: ["api"],
    series: ["http_requests_total"],
    rules: ["ApiDown"],
    alertmanagers: 1,
  };
  return { service, secrets: {}, [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose]() };
}
