import { streamRequest } from "./chat-request.ts";
import { readStream } from "./event-stream.ts";
import type { Probe } from "./probe.ts";
import { contentChunk, finishChunk, roleChunk } from "./samples.ts";
import { type Fault, isRecord, type Json, usageFault } from "./shapes.ts";

/** Usage is in the last chunk that has it; servers may send `usage: null` before. */
function streamUsageFault(chunks: readonly Json[]): Fault {
  const usage = chunks.map((chunk) => chunk["usage"]).findLast((value) => isRecord(value));
  return usageFault(usage);
}

export const openaiStreamUsage: Probe = {
  id: "openai.stream_usage",
  summary: "A stream asked for usage ends with it.",
  needs: ["chat"],
  checklist: ["R2-57"],
  claim: () => ({
    statement: "A stream with stream_options.include_usage carries usage whose counts add up",
    category: "Monitoring & Observability",
    rationale: "Without it streamed tokens cannot be metered.",
    required: true,
  }),
  saboteur: [
    {
      when: { body: "stream", usageAsked: true, key: "right" },
      status: 200,
      events: [roleChunk, contentChunk, finishChunk, "[DONE]"],
    },
  ],
  async run({ client, model }) {
    const exchange = await client.send(streamRequest(model, true));
    const reading = readStream(exchange);
    const fault = reading.fault ?? streamUsageFault(reading.chunks);
    const seen = fault ?? "a usage chunk whose counts add up";
    return [{ part: "all", ok: fault === null, seen, exchange }];
  },
};
