/**
 * A raw upstream. A request that has arrived whole is answered with one fixed 1 KB chat answer, or,
 * when its body asks for a stream, with events paced by one clock: arguments are the ms between
 * them and how many a stream has.
 */
import { createServer, type Socket } from "node:net";
import { report } from "./child.ts";

const paceMs = Number(process.argv[2] || 20);
const eventsPerStream = Number(process.argv[3] || 100);
const content = "x".repeat(800);
const body = JSON.stringify({
  id: "chatcmpl-bench",
  object: "chat.completion",
  created: 0,
  model: "bench",
  choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
  usage: { prompt_tokens: 250, completion_tokens: 200, total_tokens: 450 },
});
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
);
const lengthPattern = /content-length: *(\d+)/i;

const chunkOf = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
const event = (delta: object, finish: string | null): string =>
  `data: ${JSON.stringify({
    id: "chatcmpl-bench",
    object: "chat.completion.chunk",
    created: 0,
    model: "bench",
    choices: [{ index: 0, delta, finish_reason: finish }],
  })}\n\n`;
const streamHead = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n${chunkOf(
    event({ role: "assistant", content: "" }, null),
  )}`,
);
const token = Buffer.from(chunkOf(event({ content: " word" }, null)));
const usage = `data: ${JSON.stringify({
  id: "chatcmpl-bench",
  object: "chat.completion.chunk",
  created: 0,
  model: "bench",
  choices: [],
  usage: { prompt_tokens: 250, completion_tokens: eventsPerStream, total_tokens: 0 },
})}\n\n`;
const lastOf = (wantsUsage: boolean): string =>
  `${chunkOf(event({}, "stop"))}${wantsUsage ? chunkOf(usage) : ""}${chunkOf("data: [DONE]\n\n")}0\r\n\r\n`;

/** Open streams and how many events each still has to send. */
const streams = new Map<Socket, { left: number; wantsUsage: boolean }>();
let timer: NodeJS.Timeout | undefined;

function tick(): void {
  for (const [socket, stream] of streams) {
    if (stream.left-- > 0) socket.write(token);
    else {
      streams.delete(socket);
      socket.write(lastOf(stream.wantsUsage));
    }
  }
  if (streams.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

const server = createServer((socket) => {
  let held = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("close", () => void streams.delete(socket));
  socket.on("data", (chunk) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    for (;;) {
      const head = held.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(lengthPattern.exec(held.toString("latin1", 0, head))?.[1] ?? 0);
      if (held.length < head + 4 + length) return;
      const request = held.toString("latin1", head + 4, head + 4 + length);
      held = held.subarray(head + 4 + length);
      if (!request.includes('"stream":true')) {
        socket.write(answer);
        continue;
      }
      socket.write(streamHead);
      streams.set(socket, {
        left: eventsPerStream,
        wantsUsage: request.includes("include_usage"),
      });
      timer ??= setInterval(tick, paceMs);
    }
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  report({ port: typeof address === "object" && address ? address.port : 0, key: "" });
});
