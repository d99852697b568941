import type { Probe } from "./probe.ts";
import { cleanCompletion } from "./samples.ts";
import { envelopeFault, firstFault, statusFault } from "./shapes.ts";

export const openaiMalformed: Probe = {
  id: "openai.malformed",
  summary: "A body that is not JSON is the caller's mistake.",
  needs: ["chat"],
  checklist: ["R2-57"],
  claim: () => ({
    statement: "A chat request whose body is not JSON answers 400 in OpenAI's error envelope",
    category: "Security & Compliance",
    rationale: "A 200 or a 500 for garbage hides the mistake and feeds false alarms.",
    required: true,
  }),
  saboteur: [{ when: { body: "malformed" }, status: 200, json: cleanCompletion }],
  async run({ client }) {
    const exchange = await client.send({
      method: "POST",
      path: "/chat/completions",
      body: Buffer.from('{"model": "x", "messages": ['),
    });
    const fault = firstFault(
      () => statusFault(exchange, 400),
      () => envelopeFault(exchange),
    );
    return [
      { part: "all", ok: fault === null, seen: fault ?? "HTTP 400 with its reason", exchange },
    ];
  },
};
