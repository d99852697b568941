import type { Exchange } from "./client.ts";
import { otherRefusals } from "./openai-error-shape.ts";
import type { Probe } from "./probe.ts";
import { cleanCompletion } from "./samples.ts";
import { describeAnswer } from "./shapes.ts";

/** Sent where the plan declares no limit: more than any chat needs, little enough to send. */
export const undeclaredBodyBytes = 12 * 1024 * 1024;
const marginBytes = 1024;

function oversizedBody(model: string, bytes: number): Buffer {
  const head = `{"model":${JSON.stringify(model)},"max_tokens":1,"messages":[{"role":"user","content":"`;
  const tail = '"}]}';
  return Buffer.from(head + "a".repeat(Math.max(0, bytes - head.length - tail.length)) + tail);
}

/** Refused by 413, another 4xx of the request, or by closing the connection while it still came. */
function isRefused({ status, fault }: Exchange): boolean {
  if (status !== null) return status >= 400 && status < 500 && !otherRefusals.includes(status);
  return fault?.startsWith("reset") ?? false;
}

export const openaiOversized: Probe = {
  id: "openai.oversized",
  summary: "A body over the limit is refused.",
  needs: ["chat"],
  checklist: ["R2-57"],
  claim: (target) => ({
    statement: `A chat request body of ${target.bodyBytesMax === undefined ? undeclaredBodyBytes : target.bodyBytesMax + marginBytes} bytes is refused (413, another 4xx, or closed)`,
    category: "Security & Compliance",
    rationale: "Unbounded bodies let one caller take the memory of all.",
    required: target.bodyBytesMax !== undefined,
  }),
  saboteur: [{ when: { body: "oversized" }, status: 200, json: cleanCompletion }],
  async run({ client, model, target }) {
    const bytes =
      target.bodyBytesMax === undefined ? undeclaredBodyBytes : target.bodyBytesMax + marginBytes;
    const exchange = await client.send({
      method: "POST",
      path: "/chat/completions",
      body: oversizedBody(model, bytes),
    });
    const seen = `${bytes} bytes: ${describeAnswer(exchange)}`;
    return [{ part: "all", ok: isRefused(exchange), seen, exchange }];
  },
};
