import type { Probe } from "./probe.ts";
import { describeAnswer } from "./shapes.ts";

export const httpAlive: Probe = {
  id: "http.alive",
  summary: "The target answers HTTP at all.",
  needs: [],
  checklist: ["R1-05"],
  claim: () => ({
    statement: "The target answers HTTP on its address without a server error",
    category: "Operational Readiness",
    rationale: "Nothing else can be true of a target that does not answer.",
    required: true,
  }),
  saboteur: [{ when: { method: "GET", path: "/" }, status: 503, text: "unavailable" }],
  async run({ client }) {
    const exchange = await client.send({ method: "GET", path: "/", fromOrigin: true });
    const ok = exchange.status !== null && exchange.status < 500;
    return [{ part: "all", ok, seen: `GET / gave ${describeAnswer(exchange)}`, exchange }];
  },
};
