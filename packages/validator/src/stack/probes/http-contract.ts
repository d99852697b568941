import { isRecord } from "@loadline/kit/json";
import { differs } from "../json-schema/judged.ts";
import { createSchemaJudge } from "../json-schema/judge.ts";
import type { StackProbe } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { NothingThere } from "../wire/fault.ts";
import { answerJson, rawAnswer } from "../wire/http.ts";
import { callAgain, callApi } from "../wire/http-api.ts";
import { inTurn } from "../wire/in-turn.ts";
import { answerJudged, type Contract } from "../wire/openapi-answers.ts";
import { plannedCalls } from "../wire/openapi-calls.ts";

const namedMax = 5;

function unjudgedText(calls: number, all: readonly string[]): string {
  const named = [...new Set(all)];
  const more = named.length > namedMax ? `, and ${named.length - namedMax} more` : "";
  return `Nothing in ${calls} answers differs from what was judged; not judged: ${named.slice(0, namedMax).join("; ")}${more}.`;
}

/** Live answers against the OpenAPI document. */
export const httpContract: StackProbe<ServiceOf<"http">> = {
  kind: "http",
  check: "openapi",
  summary: "live answers against the OpenAPI document",
  needs: ["answers"],
  checklist: ["R1-05", "R1-08"],
  severity: "high",
  claim: (service) =>
    service.openapi === undefined
      ? null
      : {
          statement:
            "every GET that its OpenAPI document has values for answers as declared, and to words in place of numbers too",
          category: "Testing & Quality",
          rationale: "Clients are generated from that document.",
        },
  saboteur: [
    {
      when: "GET /openapi.json",
      reply: '{"openapi":"3.1.0","paths":{"/items":{"get":{"responses":{"204":{}}}}}}',
    },
  ],
  async run(context) {
    const path = context.service.openapi ?? "";
    const got = await callApi(context, { method: "GET", path });
    const document = answerJson(got);
    const version = isRecord(document) ? document["openapi"] : undefined;
    const reproduce = callAgain(context, { method: "GET", path });
    const older = isRecord(document) ? document["swagger"] : undefined;
    if (got.status === 200 && typeof older === "string") {
      throw new NothingThere(`${path} is of Swagger ${older.slice(0, 20)}, and OpenAPI 3 is read.`);
    }
    if (got.status !== 200 || typeof version !== "string" || !version.startsWith("3.")) {
      const seen = `${path} gave no document of OpenAPI 3 (${got.status}).`;
      return [{ ok: false, seen, raw: rawAnswer(got), reproduce }];
    }
    const { calls, left } = plannedCalls(document);
    const contract: Contract = { value: document, ...createSchemaJudge(document) };
    const untoldOf: string[] = [];
    for (const planned of calls) {
      const call = { method: "GET", path: planned.path };
      const answer = await callApi(context, call);
      const { fault, open } =
        answer.status >= 500
          ? differs(`answered ${answer.status}`)
          : answerJudged(contract, planned.operation, answer);
      untoldOf.push(...open.map((what) => `${what} (GET ${planned.path})`));
      if (fault === null) continue;
      const seen = `GET ${planned.path}: ${fault}.`;
      const again = inTurn(reproduce, callAgain(context, call));
      return [{ ok: false, seen, raw: rawAnswer(answer), reproduce: again }];
    }
    if (untoldOf.length > 0) throw new NothingThere(unjudgedText(calls.length, untoldOf));
    const wrong = calls.filter(({ isWrong }) => isWrong).length;
    const open = left === 0 ? "" : `; ${left} were not asked, for want of an example`;
    const ok = calls.length > 0;
    const seen = ok
      ? `${calls.length - wrong} operations and ${wrong} wrong values answered as declared${open}.`
      : `The document has no GET that can be asked${open}.`;
    return [{ ok, seen, reproduce }];
  },
};
