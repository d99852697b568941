import { chatRequest } from "./chat-request.ts";
import type { Probe } from "./probe.ts";
import { cleanCompletion } from "./samples.ts";
import { envelopeFault, firstFault, statusFault } from "./shapes.ts";

export const unknownModel = "loadline-no-such-model";

/**
 * Servers of one model may rightly ignore the name, so the claim counts only where the plan
 * declares `unknownModel: refused`; elsewhere it is shown.
 */
export const openaiUnknownModel: Probe = {
  id: "openai.unknown_model",
  summary: "A model the target does not have is refused.",
  needs: ["chat"],
  checklist: ["R2-57"],
  claim: (target) => ({
    statement: "A chat request for an unknown model answers 404 or 400 in OpenAI's error envelope",
    category: "Architecture & Design",
    rationale: "Answering with another model than asked for is a silent substitution.",
    required: target.unknownModel === "refused",
  }),
  saboteur: [{ when: { body: "unknown-model" }, status: 200, json: cleanCompletion }],
  async run({ client }) {
    const exchange = await client.send(chatRequest(unknownModel));
    const fault = firstFault(
      () => statusFault(exchange, 404, 400),
      () => envelopeFault(exchange),
    );
    const seen = fault ?? `HTTP ${exchange.status} with its reason`;
    return [{ part: "all", ok: fault === null, seen, exchange }];
  },
};
