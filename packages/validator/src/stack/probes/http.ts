import type { StackProbe } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { answerJson, rawAnswer } from "../wire/http.ts";
import { callAgain, callApi } from "../wire/http-api.ts";
import { textIn } from "../wire/shape.ts";
import { httpBrowser } from "./http-browser.ts";
import { httpContract } from "./http-contract.ts";
import { httpErrors } from "./http-errors.ts";
import { httpSteps } from "./http-steps.ts";
import { versionProbe } from "./version.ts";

type HttpProbe = StackProbe<ServiceOf<"http">>;

const answers: HttpProbe = {
  kind: "http",
  check: "answers",
  summary: "its health route",
  needs: [],
  checklist: ["R1-05", "R1-06"],
  severity: "critical",
  claim: (service) => ({
    statement: `GET ${service.health} answers 200`,
    category: "Operational Readiness",
    rationale: "Whoever sends traffic asks this route first.",
  }),
  saboteur: [{ when: "GET /health", status: 503, reply: '{"status":"down"}' }],
  async run(context) {
    const call = { method: "GET", path: context.service.health };
    const answer = await callApi(context, call);
    const version = textIn(answerJson(answer), "version");
    if (version !== "") context.facts.set("version", version);
    const seen = `GET ${call.path} answered ${answer.status}.`;
    const reproduce = callAgain(context, call);
    return [{ ok: answer.status === 200, seen, raw: rawAnswer(answer), reproduce }];
  },
};

/** Checks of an HTTP API, in the order they run. */
export const httpProbes: readonly StackProbe[] = [
  answers,
  versionProbe("http", "answers", [
    { when: "GET /health", reply: '{"status":"ok","version":"0.0.9"}' },
  ]),
  httpContract,
  httpErrors,
  httpSteps,
  ...httpBrowser,
];
