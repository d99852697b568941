import type { StackRule } from "../probe.ts";
import type { StackTwin } from "./twin.ts";
import { jsonReply, startWebStub } from "./web.ts";

const success = (data: unknown) => jsonReply({ status: "success", data });
const sample = { metric: { job: "api", instance: "a:1" }, value: [1_700_000_000, "4.2"] };
const valued = (value: string) =>
  success({ resultType: "vector", result: [{ ...sample, value: [1_700_000_000, value] }] });
const start = 'process_start_time_seconds{job="api"}';
const target = { labels: { job: "api", instance: "a:1" }, health: "up", lastError: "" };

/** A Prometheus with one target, one rule and one Alertmanager. */
export async function startPrometheusTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const stub = await startWebStub(rules, [
    { when: "GET /api/v1/status/buildinfo", answer: success({ version: "2.42.0" }) },
    { when: "GET /api/v1/targets", answer: success({ activeTargets: [target] }) },
    // It has run for 25 hours without a restart.
    { when: "GET /api/v1/query?query=time()%20-%20process_start", answer: valued("90000") },
    { when: "GET /api/v1/query?query=changes(", answer: valued("0") },
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
    uptime: [{ of: start, seconds: 75_600 }],
  };
  return { service, secrets: {}, [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose]() };
}
