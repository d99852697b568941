/**
 * The yardstick: the least a Node relay can do. `node:http` in, undici `dispatch` out, no key check,
 * no scan, no metrics. A whole answer is held and sent at once; a stream is passed on as it comes.
 */
import { createServer, type ServerResponse } from "node:http";
import { Pool } from "undici";
import { report } from "./child.ts";

const upstream = process.argv[2] ?? "";
const pool = new Pool(upstream, { connections: 2048, pipelining: 1 });

const server = createServer({ noDelay: true }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => void chunks.push(chunk));
  request.on("end", () => {
    relay(chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks), response);
  });
});

function relay(body: Buffer, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  let status = 0;
  let isStream = false;
  pool.dispatch(
    {
      path: "/v1/chat/completions",
      method: "POST",
      headers: ["content-type", "application/json"],
      body,
    },
    {
      onRequestStart: () => undefined,
      onResponseStart(_controller, code, headers) {
        status = code;
        isStream = headers["content-type"] === "text/event-stream";
        if (isStream) response.writeHead(code, ["content-type", "text/event-stream"]);
      },
      onResponseData(_controller, chunk) {
        if (isStream) response.write(chunk);
        else chunks.push(chunk);
      },
      onResponseEnd() {
        if (isStream) {
          response.end();
          return;
        }
        const whole = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
        response.writeHead(status, [
          "content-type",
          "application/json",
          "content-length",
          String(whole.length),
        ]);
        response.end(whole);
      },
      onResponseError() {
        if (!response.headersSent) response.writeHead(502);
        response.end();
      },
    },
  );
}

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  report({ port, key: "" });
});
