import { defineLoad, type Vu } from "@loadline/validator/scenario";

interface Start {
  readonly model: string;
}

/** What `setup` returned, which reaches every virtual user as JSON. */
const startOf = (vu: Vu): Start => vu.setup as Start;

const messagesMax = 6;

/**
 * Users who talk: each iteration is a conversation whose history grows with every answer.
 *
 *   LOADLINE_API_KEY=ll_... loadline load examples/load/conversation.ts
 */
async function talk(vu: Vu): Promise<void> {
  const { model } = startOf(vu);
  const messages = [{ role: "user", content: "Name one colour." }];
  while (messages.length < messagesMax) {
    const reply = await vu.llm.chat({ name: "turn", model, messages, maxTokens: 8 });
    vu.check(reply, { "says something": (r) => r.content() !== "" });
    if (!reply.ok) return;
    messages.push({ role: "assistant", content: reply.content() });
    messages.push({ role: "user", content: "And another one?" });
    await vu.sleep("20ms..80ms");
  }
}

export const load = defineLoad({
  target: {
    baseUrl: "http://127.0.0.1:8080/v1",
    auth: { bearer: "${env:LOADLINE_API_KEY}" },
  },
  /** The first model the target lists. */
  setup: async (vu) => {
    const reply = await vu.http.get("/models");
    const body = reply.json() as
      | { readonly data?: readonly { readonly id?: string }[] }
      | undefined;
    const model = body?.data?.[0]?.id;
    if (model === undefined) throw new Error(`no model is listed: ${reply.outcome}`);
    return { model } satisfies Start;
  },
  checks: ["says something"],
  scenarios: {
    talk: {
      executor: "ramping-vus",
      startVUs: 2,
      stages: [{ duration: "10s", target: 10 }],
      requests: ["turn"],
      exec: talk,
    },
  },
  thresholds: {
    "ttft{step:turn}": "p(95)<1500ms",
    "checks{check:says something}": "rate>0.95",
  },
});
