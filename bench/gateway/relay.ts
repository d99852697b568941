/**
 * The yardstick: the least a Node relay can do. `node:http` in, undici `dispatch` out, bodies held
 * whole, no key check, no scan, no metrics.
 */
import { createServer, type ServerResponse } from "node:http";
import { Pool } from "undici";
import { report } from "./child.ts";

const upstream = process.argv[2] ?? "";
const pool = new Pool(upstream, { connections: 256, pipelining: 1 });

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => void chunks.push(chunk));
  request.on("end", () => {
    relay(chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks), response);
  });
});

function relay(body: Buffer, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  let status = 0;
  pool.dispatch(
    {
      path: "/v1/chat/completions",
      method: "POST",
      headers: ["content-type", "application/json"],
      body,
    },
    {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, code) => void (status = code),
      onResponseData: (_controller, chunk) => void chunks.push(chunk),
      onResponseEnd() {
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
        response.writeHead(502);
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
