import { chatRequest } from "./chat-request.ts";
import type { Probe } from "./probe.ts";
import { cutFault, describeAnswer, envelopeFault, type Fault } from "./shapes.ts";

/** Refusals of the caller, its time or its pace say nothing of the request. */
export const otherRefusals: readonly number[] = [401, 403, 407, 408, 429];

export const openaiErrorShape: Probe = {
  id: "openai.error_shape",
  summary: "A refused request says why, in the envelope clients read.",
  needs: ["chat"],
  checklist: ["R2-57"],
  claim: () => ({
    statement:
      "A chat request with messages of the wrong type answers 4xx in OpenAI's error envelope",
    category: "Architecture & Design",
    rationale: "A caller's mistake must be told from a fault of the server.",
    required: true,
  }),
  saboteur: [{ when: { body: "invalid" }, status: 400, text: "Bad Request" }],
  async run({ client, model }) {
    const exchange = await client.send(chatRequest(model, { messages: 7 }));
    const status = exchange.status ?? 0;
    const isRefused = status >= 400 && status < 500 && !otherRefusals.includes(status);
    const refused: Fault = isRefused ? null : `wanted HTTP 4xx, got ${describeAnswer(exchange)}`;
    const fault = refused ?? cutFault(exchange) ?? envelopeFault(exchange);
    const seen = fault ?? `HTTP ${status} with \`error.message\` and \`error.type\``;
    return [{ part: "all", ok: fault === null, seen, exchange }];
  },
};
