import { isRecord, type JsonRecord } from "@loadline/kit/json";
import { bareType, mediaType } from "../../probes/shapes.ts";
import { schemaFault } from "../json-schema.ts";
import type { StackProbe } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { answerJson, type HttpAnswer, rawAnswer } from "../wire/http.ts";
import { callAgain, callApi } from "../wire/http-api.ts";
import { inTurn } from "../wire/in-turn.ts";
import { followed } from "../wire/json-reference.ts";
import { plannedCalls } from "../wire/openapi-calls.ts";

/** How a live answer differs from its declaration; null when it conforms. */
function answerFault(document: unknown, operation: JsonRecord, answer: HttpAnswer): string | null {
  const responses = operation["responses"];
  const held = isRecord(responses) ? responses : {};
  const range = `${String(answer.status).slice(0, 1)}XX`;
  const given = held[String(answer.status)] ?? held[range] ?? held["default"];
  if (given === undefined) return `answered ${answer.status}, which is not declared`;
  const declared = followed(document, given);
  if (declared === undefined) {
    const where = isRecord(given) ? String(given["$ref"]) : "nowhere";
    return `answered ${answer.status}, declared by ${where}, which leads to nothing`;
  }
  const content = isRecord(declared) ? declared["content"] : undefined;
  return isRecord(content) ? bodyFault(document, content, answer) : null;
}

/** What is declared for a body of this type, the closest first; undefined where nothing is. */
function mediaOf(content: JsonRecord, type: string): JsonRecord | undefined {
  for (const wanted of [type, `${type.split("/", 1)[0] ?? ""}/*`, "*/*"]) {
    const [, media] = Object.entries(content).find(([key]) => bareType(key) === wanted) ?? [];
    if (isRecord(media)) return media;
  }
  return undefined;
}

/** How a body is not as declared for its type; of no declared type none is. */
function bodyFault(document: unknown, content: JsonRecord, answer: HttpAnswer): string | null {
  const types = Object.keys(content).map(bareType);
  if (types.length === 0) return null;
  const type = mediaType(answer);
  const media = mediaOf(content, type);
  const isJson = type.includes("json");
  if (media === undefined) {
    if (!isJson && types.every((one) => one.includes("json"))) return "answered no JSON";
    return `answered ${type === "" ? "no type" : type}, which is not declared`;
  }
  if (!isJson) return null;
  const value = answerJson(answer);
  if (value === undefined) return "answered what is no JSON";
  return schemaFault(document, media["schema"], value);
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
    if (got.status !== 200 || typeof version !== "string" || !version.startsWith("3.")) {
      const seen = `${path} gave no document of OpenAPI 3 (${got.status}).`;
      return [{ ok: false, seen, raw: rawAnswer(got), reproduce }];
    }
    const { calls, left } = plannedCalls(document);
    for (const planned of calls) {
      const call = { method: "GET", path: planned.path };
      const answer = await callApi(context, call);
      const isBroken = answer.status >= 500;
      const fault = isBroken
        ? `answered ${answer.status}`
        : answerFault(document, planned.operation, answer);
      if (fault === null) continue;
      const seen = `GET ${planned.path}: ${fault}.`;
      const again = inTurn(reproduce, callAgain(context, call));
      return [{ ok: false, seen, raw: rawAnswer(answer), reproduce: again }];
    }
    const wrong = calls.filter(({ isWrong }) => isWrong).length;
    const open = left === 0 ? "" : `; ${left} were not asked, for want of an example`;
    const ok = calls.length > 0;
    const seen = ok
      ? `${calls.length - wrong} operations and ${wrong} wrong values answered as declared${open}.`
      : `The document has no GET that can be asked${open}.`;
    return [{ ok, seen, reproduce }];
  },
};
