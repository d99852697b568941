import { connect } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { describe, expect, test } from "vitest";
import { overUpstreams, type Running, runGateway, runUpstream } from "../../../test/harness.ts";

const body = JSON.stringify({ model: "m", messages: [] });
const answer = JSON.stringify({ choices: [{ index: 0, message: { content: "a" } }] });
const clock = systemClock();

const headOf = (g: Running, line: string): string =>
  `POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${g.key}\r\n` +
  `content-type: application/json\r\n${line}\r\n\r\n`;
const whole = (g: Running): string => headOf(g, `content-length: ${body.length}`) + body;

/** Sends bytes and gives all that came until the connection was closed. */
async function sent(g: Running, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(g.url).port), "127.0.0.1");
  let text = "";
  let isClosed = false;
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => void (text += chunk));
  socket.on("close", () => void (isClosed = true));
  socket.on("error", () => socket.destroy());
  socket.write(bytes, "latin1");
  await eventually(clock, () => isClosed, 20_000);
  return text;
}

const statuses = (text: string): string[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => match[1] ?? "");

async function startBoth() {
  const upstream = await runUpstream((response) => {
    // Later than what comes behind the request is read.
    clock.after(150, () => {
      response.setHeader("content-type", "application/json");
      response.end(answer);
    });
  });
  const http = { front: "node" };
  const gateway = await runGateway({ ...overUpstreams(upstream.baseUrl), http });
  return {
    upstream,
    gateway,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

describe("behind a whole request", () => {
  test("malformed bytes take no answer's place: the request's own comes, then the end", async () => {
    await using both = await startBoth();
    const text = await sent(both.gateway, `${whole(both.gateway)}\u0000 garbage\r\n\r\n`);
    expect(statuses(text)).toEqual(["200"]);
    expect(text).toContain('"content":"a"');
  });

  test("a broken body is not refused in the earlier request's place", async () => {
    await using both = await startBoth();
    const broken = `${headOf(both.gateway, "transfer-encoding: chunked")}zz\r\n`;
    const text = await sent(both.gateway, whole(both.gateway) + broken);
    expect(statuses(text)).toEqual([]);
  });
});

describe("behind a doubtful head", () => {
  test("nothing is served, also what llhttp has read already", async () => {
    await using both = await startBoth();
    const doubtful = whole(both.gateway).replace("host: a", "host: a\r\nhost: b");
    const text = await sent(both.gateway, doubtful + whole(both.gateway));
    expect(statuses(text)).toEqual(["400"]);
    expect(both.upstream.bodies).toEqual([]);
  });

  test.each(["HTTP/0.9", "HTTP/2.0"])("%s is 400 LL_HTTP_HEADER", async (version) => {
    await using both = await startBoth();
    const text = await sent(both.gateway, whole(both.gateway).replace("HTTP/1.1", version));
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r/);
    expect(text).toContain("LL_HTTP_HEADER");
    expect(statuses(text)).toEqual(["400"]);
    expect(both.upstream.bodies).toEqual([]);
  });
});
