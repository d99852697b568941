/** A raw upstream: answers every request that has arrived whole with one fixed 1 KB chat answer. */
import { createServer } from "node:net";
import { report } from "./child.ts";

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

const server = createServer((socket) => {
  let held = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    for (;;) {
      const head = held.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(lengthPattern.exec(held.toString("latin1", 0, head))?.[1] ?? 0);
      if (held.length < head + 4 + length) return;
      held = held.subarray(head + 4 + length);
      socket.write(answer);
    }
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  report({ port: typeof address === "object" && address ? address.port : 0, key: "" });
});
