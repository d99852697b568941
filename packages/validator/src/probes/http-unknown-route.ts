import type { Probe } from "./probe.ts";
import { envelopeFault, firstFault, statusFault } from "./shapes.ts";

export const httpUnknownRoute: Probe = {
  id: "http.unknown_route",
  summary: "A route that does not exist is a 404 a client can read.",
  needs: [],
  checklist: ["R1-05"],
  claim: () => ({
    statement: "An unknown route under the base URL answers 404 in OpenAI's error envelope",
    category: "Architecture & Design",
    rationale: "Clients read `error.message`; a page or a 200 hides a wrong address.",
    required: true,
  }),
  saboteur: [{ when: { path: "/v1/loadline-no-such-route" }, status: 200, json: { ok: true } }],
  async run({ client }) {
    const exchange = await client.send({ method: "GET", path: "/loadline-no-such-route" });
    const fault = firstFault(
      () => statusFault(exchange, 404),
      () => envelopeFault(exchange),
    );
    const seen = fault ?? "404 with `error.message` and `error.type`";
    return [{ part: "all", ok: fault === null, seen, exchange }];
  },
};
