import { connect, type Socket } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { quietest } from "../../../testkit/src/quietest.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  overUpstreams,
  type Running,
  runGateway,
  runUpstream,
  type Upstream,
} from "../../test/harness.ts";

const text = JSON.stringify({ model: "m", messages: [{ role: "user", content: "x".repeat(900) }] });
const last = "0\r\n\r\n";
const chunk = (data: string): string => `${data.length.toString(16)}\r\n${data}\r\n`;
const within = (holds: () => boolean): Promise<void> => eventually(systemClock(), holds, 20_000);

describe.each(["http1", "node"])("chunked request bodies, front %s", (front) => {
  let upstream: Upstream;
  let gateway: Running;
  let socket: Socket;
  let got = "";
  let isClosed = false;
  const statuses = (): string[] =>
    [...got.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => match[1] ?? "");
  const send = (bytes: string): Promise<void> =>
    new Promise((resolve) => socket.write(bytes, "latin1", () => resolve()));
  const head = (more = "Transfer-Encoding: chunked\r\n"): string =>
    `POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${gateway.key}\r\n` +
    `Content-Type: application/json\r\n${more}\r\n`;

  const start = async (times: object = {}): Promise<void> => {
    const http = { front, bodyBytesMax: 4096, ...times };
    gateway = await runGateway({ ...overUpstreams(upstream.baseUrl), http });
    got = "";
    isClosed = false;
    socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => void (got += bytes.toString("latin1")));
    socket.on("close", () => void (isClosed = true));
    socket.on("error", () => void socket.destroy());
  };
  beforeEach(async () => {
    upstream = await runUpstream((response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ choices: [{ index: 0, message: { content: "a" } }] }));
    });
    await start();
  });
  afterEach(async () => {
    socket.destroy();
    await gateway[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  test("in one write, in two chunks, or byte by byte reach the upstream whole", async () => {
    await send(head() + chunk(text) + last);
    await within(() => statuses().length === 1);
    await send(head() + chunk(text.slice(0, 7)));
    await send(chunk(text.slice(7)) + last);
    await within(() => statuses().length === 2);
    await send(head());
    for (const byte of chunk(text.slice(0, 40)) + chunk(text.slice(40)).slice(0, 30))
      await send(byte);
    await send(chunk(text.slice(40)).slice(30) + last);
    await within(() => statuses().length === 3);
    expect(statuses()).toEqual(["200", "200", "200"]);
    const contents = upstream.bodies.map((body) => /x+/.exec(body)?.[0].length);
    expect(contents).toEqual([900, 900, 900]);
    expect(isClosed).toBe(false);
  });

  test("are answered in order when requests are sent ahead, of either framing", async () => {
    const plain = head(`Content-Length: ${text.length}\r\n`) + text;
    const chunked = head() + chunk(text) + last;
    await send(chunked + plain + chunked + plain);
    await within(() => statuses().length === 4);
    expect(statuses()).toEqual(["200", "200", "200", "200"]);
    expect(upstream.bodies).toHaveLength(4);
  });

  test("over the bound are 413 and their connection is closed", async () => {
    await send(head() + chunk("x".repeat(3000)));
    await send(chunk("x".repeat(3000)));
    await within(() => statuses().length === 1 && got.includes("LL_BODY_TOO_LARGE"));
    expect(statuses()).toEqual(["413"]);
    expect(got).toContain("onnection: close");
    expect(upstream.bodies).toHaveLength(0);
  });

  test.each([
    ["a size that is none", "zz\r\n"],
    ["a chunk longer than its size", "3\r\nabcdef\r\n"],
    ["a negative size", "-1\r\n"],
    ["a size of 17 digits", "11111111111111111\r\n"],
    ["a bare CR", "3\rabc\r\n"],
  ])("%s, at once or later, is 400 with its connection closed", async (_name, bad) => {
    await send(head() + chunk("abc"));
    await send(bad);
    await within(() => isClosed);
    expect(statuses()).toEqual(["400"]);
    expect(upstream.bodies).toHaveLength(0);
    got = "";
    isClosed = false;
    socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
    socket.on("data", (bytes: Buffer) => void (got += bytes.toString("latin1")));
    socket.on("close", () => void (isClosed = true));
    socket.on("error", () => void socket.destroy());
    await send(head() + bad + chunk(text) + last);
    await within(() => isClosed);
    expect(statuses()).toEqual(["400"]);
    expect(upstream.bodies).toHaveLength(0);
  });

  test.each([
    ["a length beside it", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"],
    ["a coding named twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"],
    ["another coding", "Transfer-Encoding: gzip, chunked\r\n"],
    ["a coding that is spelled oddly", "Transfer-Encoding: xchunked\r\n"],
  ])("%s never reaches an upstream", async (_name, fields) => {
    await send(head(fields) + chunk(text) + last);
    await within(() => statuses().length > 0);
    expect(statuses()[0]).toMatch(/^4/);
    expect(upstream.bodies).toHaveLength(0);
  });

  test("that do not come in time are 408", async () => {
    const slow = async (): Promise<string[]> => {
      await gateway[Symbol.asyncDispose]();
      await start({ head: 700, request: 800 });
      await send(head() + chunk("abc"));
      await within(() => isClosed);
      return statuses();
    };
    // A machine that stands may let the time for a head pass before it reads one.
    expect(await quietest(slow, (all) => all.length > 0)).toEqual(["408"]);
  });

  test("a client that leaves in the middle leaves nothing under way", async () => {
    await send(head() + chunk("abc"));
    socket.destroy();
    const open = async (): Promise<boolean> =>
      (await (await gateway.get("/metrics")).text()).includes("loadline_requests_open 1\n");
    await eventually(systemClock(), open, 20_000);
    expect(upstream.bodies).toHaveLength(0);
  });
});
