import type { StackContext, StackProbe } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { shownSecret } from "../secrets.ts";
import { LacksFeature } from "../wire/fault.ts";
import { textIn, valueIn } from "../wire/shape.ts";
import { askWeb, type WebAnswer } from "../wire/web.ts";

type AnthropicProbe = StackProbe<ServiceOf<"anthropic">>;
type AnthropicContext = StackContext<ServiceOf<"anthropic">>;

const shared = { kind: "anthropic", checklist: ["R2-57"] } as const;
const path = "/v1/messages";
const apiVersion = "2023-06-01";

/** One message. @throws LacksFeature where the service has no Messages API. */
async function message(
  context: AnthropicContext,
  more: object,
  key = context.secret(context.service.apiKey),
): Promise<WebAnswer> {
  const { apiKey, model } = context.service;
  const headers = [
    "anthropic-version",
    apiVersion,
    ...(key === undefined ? [] : ["x-api-key", key]),
  ];
  const messages = [{ role: "user", content: "Say yes." }];
  const json = { model, max_tokens: 16, messages, ...more };
  const answer = await askWeb(context, { method: "POST", path, headers, json });
  const isBare = answer.status === 404 && textIn(answer.json, "error.type") === "";
  if (isBare || answer.status === 405) {
    throw new LacksFeature(`POST ${path} answered ${answer.status}: no such route.`);
  }
  const own = context.secret(apiKey);
  const curl = answer.curl.map((word) =>
    own === undefined ? word : word.replaceAll(own, shownSecret(apiKey)),
  );
  return { ...answer, curl };
}

const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) > 0;

const answers: AnthropicProbe = {
  ...shared,
  check: "messages",
  summary: "a message is answered",
  needs: [],
  severity: "critical",
  claim: () => ({
    statement: "a message is answered in the shape of the Messages API, with its usage",
    category: "Operational Readiness",
    rationale: "A client of this API stops at the first field it does not find.",
  }),
  saboteur: [
    {
      when: 'POST /v1/messages {"model":"m","max_tokens":16,"messages":[{"role":"user","content":"Say yes."}]}',
      reply: '{"choices":[{"message":{"content":"yes"}}]}',
    },
  ],
  async run(context) {
    const answer = await message(context, {});
    const { json } = answer;
    const isMessage = textIn(json, "type") === "message" && textIn(json, "role") === "assistant";
    const isSaid = textIn(json, "content.0.type") !== "" && textIn(json, "stop_reason") !== "";
    const isCounted =
      isCount(valueIn(json, "usage.input_tokens")) && isCount(valueIn(json, "usage.output_tokens"));
    const ok = answer.status === 200 && isMessage && isSaid && isCounted;
    const seen = `Answered with ${answer.status}, ${isMessage ? "a message" : "no message"}, ${isSaid ? "" : "without "}content and stop reason, ${isCounted ? "" : "without "}usage.`;
    return [{ ok, seen, raw: answer.text, reproduce: answer.curl }];
  },
};

const order = ["message_start", "content_block_start", "content_block_delta", "message_stop"];

const stream: AnthropicProbe = {
  ...shared,
  check: "stream",
  summary: "a message is streamed",
  needs: ["messages"],
  severity: "high",
  claim: () => ({
    statement: "a stream has its events in order and ends with message_stop",
    category: "Operational Readiness",
    rationale: "A stream without its end looks to a client like a cut.",
  }),
  saboteur: [
    {
      when: 'POST /v1/messages {"model":"m","max_tokens":16,"messages":[{"role":"user","content":"Say yes."}],"stream":true',
      reply: 'event: message_start\ndata: {"type":"message_start"}\n\n',
    },
  ],
  async run(context) {
    const answer = await message(context, { stream: true });
    const events = [...answer.text.matchAll(/^event: *(\S+)/gm)].map((match) => match[1] ?? "");
    const at = order.map((name) => events.indexOf(name));
    const isOrdered = at.every((place, i) => place >= 0 && (i === 0 || place > (at[i - 1] ?? -1)));
    const ok = answer.status === 200 && isOrdered && events.at(-1) === "message_stop";
    const seen = `${events.length} events, the last ${events.at(-1) ?? "none"}; ${isOrdered ? "in order" : "not in order"}.`;
    return [{ ok, seen, raw: answer.text, reproduce: answer.curl }];
  },
};

const refuses: AnthropicProbe = {
  ...shared,
  check: "refuses",
  summary: "what is wrong is refused in the API's words",
  needs: ["messages"],
  checklist: ["R1-14"],
  severity: "high",
  claim: (service) => ({
    statement: "a wrong key and a malformed request are refused with the API's own error",
    category: "Security & Compliance",
    rationale: "An open model is somebody else's bill.",
    parts: service.apiKey === undefined ? ["malformed"] : ["malformed", "wrong key"],
  }),
  saboteur: [{ when: 'POST /v1/messages {"model":"m","max_tokens":-1', reply: "{}" }],
  async run(context) {
    const bad = await message(context, { max_tokens: -1 });
    const tried = [
      { part: "malformed", answer: bad, statuses: [400, 422], type: /invalid_request/ },
    ];
    if (context.service.apiKey !== undefined) {
      const answer = await message(context, {}, "sk-loadline-probe-wrong-key");
      const type = /authentication|permission/;
      tried.push({ part: "wrong key", answer, statuses: [401, 403], type });
    }
    return tried.map(({ part, answer, statuses, type }) => {
      const said = textIn(answer.json, "error.type");
      const isShaped = textIn(answer.json, "type") === "error" && type.test(said);
      const seen = `${part}: ${answer.status} ${said === "" ? "without a type" : said}.`;
      const raw = answer.text;
      return {
        ok: statuses.includes(answer.status) && isShaped,
        seen,
        raw,
        part,
        reproduce: answer.curl,
      };
    });
  },
};

/** Checks of a model behind the Messages API, in the order they run. */
export const anthropicProbes: readonly AnthropicProbe[] = [answers, stream, refuses];
