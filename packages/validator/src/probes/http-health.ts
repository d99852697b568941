import type { Probe } from "./probe.ts";
import { describeAnswer, statusFault } from "./shapes.ts";

export const httpHealth: Probe = {
  id: "http.health",
  summary: "The health route says the target is healthy, without a key.",
  needs: ["health"],
  checklist: ["R1-06"],
  claim: (target) => ({
    statement: `GET ${target.healthPath ?? "/healthz"} answers 200 without a key`,
    category: "Operational Readiness",
    rationale: "Load balancers and containers ask this route before they send traffic.",
    required: target.healthPath !== undefined,
  }),
  saboteur: [{ when: { path: "/healthz" }, status: 503, json: { status: "down" } }],
  async run({ client, target }) {
    const path = target.healthPath ?? "/healthz";
    const exchange = await client.send({ method: "GET", path, fromOrigin: true, key: "none" });
    const fault = statusFault(exchange, 200);
    const seen = fault ?? `GET ${path} gave ${describeAnswer(exchange)}`;
    return [{ part: "all", ok: fault === null, seen, exchange }];
  },
};
