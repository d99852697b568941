import { chatRequest } from "./chat-request.ts";
import type { Probe, ProbeFinding } from "./probe.ts";
import { cleanCompletion } from "./samples.ts";
import { describeAnswer, envelopeFault, firstFault, statusFault } from "./shapes.ts";

const parts = { none: "no key", wrong: "wrong key" } as const;

export const openaiAuth: Probe = {
  id: "openai.auth",
  summary: "No key and a wrong key are refused.",
  needs: ["chat"],
  checklist: ["R0-22", "R2-23"],
  claim: (target) => ({
    statement: "A chat completion without a key, or with a wrong one, answers 401",
    category: "Security & Compliance",
    rationale: "An open model route spends somebody's money for anybody.",
    required: target.auth === "bearer",
    parts: Object.values(parts),
  }),
  saboteur: [
    {
      when: { path: "/v1/chat/completions", body: "plain", key: "none" },
      status: 200,
      json: cleanCompletion,
    },
    {
      when: { path: "/v1/chat/completions", body: "plain", key: "wrong" },
      status: 200,
      json: cleanCompletion,
    },
  ],
  async run({ client, model }) {
    const findings: ProbeFinding[] = [];
    for (const key of ["none", "wrong"] as const) {
      const exchange = await client.send({ ...chatRequest(model), key });
      const fault = firstFault(
        () => statusFault(exchange, 401),
        () => envelopeFault(exchange),
      );
      const seen = fault ?? describeAnswer(exchange);
      findings.push({ part: parts[key], ok: fault === null, seen, exchange });
    }
    return findings;
  },
};
