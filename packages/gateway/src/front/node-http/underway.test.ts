import { connect, type Socket } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { describe, expect, test } from "vitest";
import { overUpstreams, type Running, runGateway, runUpstream } from "../../../test/harness.ts";

const body = JSON.stringify({ model: "m", messages: [] });

function requestOf(gateway: Running): string {
  return (
    `POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${gateway.key}\r\n` +
    `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  );
}

function open(gateway: Running): Socket {
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
  socket.on("error", () => socket.destroy());
  return socket;
}

const within = (holds: () => boolean | Promise<boolean>): Promise<void> =>
  eventually(systemClock(), holds, 20_000);

async function metricsOf(gateway: Running): Promise<string> {
  return (await gateway.get("/metrics")).text();
}

describe("a client that leaves", () => {
  test("ends the upstream calls of all its pipelined requests", async () => {
    let closed = 0;
    await using upstream = await runUpstream((response) => {
      response.on("close", () => void closed++);
    });
    await using gateway = await runGateway({
      ...overUpstreams(upstream.baseUrl),
      http: { front: "node" },
    });
    const socket = open(gateway);
    socket.write(requestOf(gateway) + requestOf(gateway));
    await within(() => upstream.bodies.length === 2);
    socket.destroy();
    await within(() => closed === 2);
    expect(closed).toBe(2);
  });

  test("in the middle of its body leaves nothing under way", async () => {
    await using upstream = await runUpstream((response) => void response.end("{}"));
    await using gateway = await runGateway({
      ...overUpstreams(upstream.baseUrl),
      http: { front: "node" },
    });
    const socket = open(gateway);
    socket.write(requestOf(gateway).slice(0, -5));
    await within(async () => (await metricsOf(gateway)).includes("loadline_requests_open 2\n"));
    socket.destroy();
    await within(async () => (await metricsOf(gateway)).includes("loadline_requests_open 1\n"));
    expect(upstream.bodies).toHaveLength(0);
  });

  test("after its answer takes no later request of another connection along", async () => {
    await using upstream = await runUpstream((response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ choices: [{ index: 0, message: { content: "a" } }] }));
    });
    await using gateway = await runGateway({
      ...overUpstreams(upstream.baseUrl),
      http: { front: "node" },
    });
    const first = open(gateway);
    first.write(requestOf(gateway));
    await new Promise<void>((resolve) => first.once("data", () => resolve()));
    first.destroy();
    const answer = await gateway.post("/v1/chat/completions", { model: "m", messages: [] });
    expect(answer.status).toBe(200);
  });
});
