/**
 * Our own halves of HTTP/1.1 and nothing between them: the front reads a request whole, the client
 * sends its body on, the answer goes back as it came. The argument is the upstream's base URL.
 */
import { connect } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { createRoster } from "@loadline/kit/roster";
import { createHttp1Front } from "../../packages/gateway/src/front/http1/index.ts";
import { type Client, Exchange } from "../../packages/gateway/src/pipeline/exchange.ts";
import { findOperation } from "../../packages/gateway/src/pipeline/operations.ts";
import { createHttp1Upstream } from "../../packages/gateway/src/upstream/http1.ts";
import { report } from "./child.ts";

const { hostname, port, host } = new URL(process.argv[2] ?? "");
const clock = systemClock();
const bodyBytesMax = 4 * 1024 * 1024;
const json = ["content-type", "application/json"];
const upstream = createHttp1Upstream({
  connect: (onread) => connect({ host: hostname, port: Number(port), noDelay: true, onread }),
  host,
  paths: { chat: "/v1/chat/completions" },
  headers: [],
  connectionsMax: 2048,
  connectTimeoutMs: 2000,
  clock,
});

function relay(client: Client, body: Buffer): void {
  let status = 0;
  const chunks: Buffer[] = [];
  upstream.call(
    { operation: "chat", isStream: false, body, traceparent: undefined },
    {
      head: (code) => void (status = code),
      data: (chunk) => void chunks.push(chunk),
      end: () => client.answer(status, json, Buffer.concat(chunks)),
      fail: (_, detail) => client.answer(502, json, detail),
    },
  );
}

const nobody = {
  onExit: () => undefined,
  onSecondExit: () => undefined,
  onResume: () => undefined,
  onFault: () => undefined,
};
const front = createHttp1Front(
  {
    begin(client) {
      client.read(bodyBytesMax, (body) => {
        if (Buffer.isBuffer(body)) relay(client, body);
      });
      return new Exchange(nobody, client, findOperation(client.target), 0);
    },
    refuse: (x) => x.client.answer(400, json, ""),
    inFlight: createRoster<Exchange>(),
    missing: () => [],
    onIdle: (run) => run(),
  },
  {
    host: "127.0.0.1",
    port: 0,
    isShared: false,
    headMs: 10_000,
    requestMs: 60_000,
    keepAliveMs: 65_000,
    stalledMs: 60_000,
    connectionsMax: 10_000,
    headBytesMax: 16_384,
    trust: undefined,
    clock,
    nextId: () => "none",
  },
);
report({ port: Number(new URL(await front.listen()).port), key: "" });
