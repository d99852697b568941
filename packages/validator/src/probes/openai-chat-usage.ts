import { chatRequest } from "./chat-request.ts";
import type { Probe } from "./probe.ts";
import { cleanCompletion } from "./samples.ts";
import { bodyJson, isRecord, statusFault, usageFault } from "./shapes.ts";

const { usage: _usage, ...withoutUsage } = cleanCompletion;

export const openaiChatUsage: Probe = {
  id: "openai.chat_usage",
  summary: "Usage of a chat completion is there and adds up.",
  needs: ["chat"],
  checklist: ["R2-57"],
  claim: () => ({
    statement: "A chat completion carries usage whose token counts add up",
    category: "Monitoring & Observability",
    rationale: "Budgets and bills are computed from these counts.",
    required: true,
  }),
  saboteur: [
    {
      when: { path: "/v1/chat/completions", body: "plain", key: "right" },
      status: 200,
      json: withoutUsage,
    },
  ],
  async run({ client, model }) {
    const exchange = await client.send(chatRequest(model));
    const body = bodyJson(exchange);
    const fault = statusFault(exchange, 200) ?? usageFault(isRecord(body) ? body["usage"] : null);
    const seen = fault ?? "prompt_tokens + completion_tokens = total_tokens";
    return [{ part: "all", ok: fault === null, seen, exchange }];
  },
};
