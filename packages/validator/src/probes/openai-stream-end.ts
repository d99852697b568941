import { streamRequest } from "./chat-request.ts";
import { readStream } from "./event-stream.ts";
import type { Probe } from "./probe.ts";
import { contentChunk, finishChunk, roleChunk } from "./samples.ts";
import type { Fault } from "./shapes.ts";

export const openaiStreamEnd: Probe = {
  id: "openai.stream_end",
  summary: "A stream says that it is over.",
  needs: ["chat"],
  checklist: ["R2-57"],
  claim: () => ({
    statement: "A streamed chat completion ends with [DONE] and a complete message",
    category: "Architecture & Design",
    rationale: "Without the end marker a cut stream cannot be told from a finished one.",
    required: true,
  }),
  saboteur: [
    {
      when: { body: "stream", usageAsked: false, key: "right" },
      status: 200,
      events: [roleChunk, contentChunk, finishChunk],
    },
  ],
  async run({ client, model }) {
    const exchange = await client.send(streamRequest(model, false));
    const reading = readStream(exchange);
    const cut: Fault = exchange.fault === null ? null : `the stream was cut: ${exchange.fault}`;
    const open: Fault = reading.ended ? null : "the stream ends without [DONE]";
    const fault = reading.fault ?? cut ?? open;
    return [
      { part: "all", ok: fault === null, seen: fault ?? "[DONE] is the last event", exchange },
    ];
  },
};
