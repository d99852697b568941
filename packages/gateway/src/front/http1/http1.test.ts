import { connect, type Socket } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { quietest } from "../../../../testkit/src/quietest.ts";
import { describe, expect, test } from "vitest";
import {
  overUpstreams,
  type Running,
  runGateway,
  runUpstream,
  type Upstream,
} from "../../../test/harness.ts";

const path = "/v1/chat/completions";
const answer = JSON.stringify({
  choices: [{ index: 0, message: { role: "assistant", content: "hello" } }],
});
const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "x".repeat(64) }] });

const within = (holds: () => boolean | Promise<boolean>): Promise<void> =>
  eventually(systemClock(), holds, 20_000);

function head(gateway: Running, length = body.length, more = ""): string {
  return (
    `POST ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${gateway.key}\r\n` +
    `Content-Type: application/json\r\n${more}Content-Length: ${length}\r\n\r\n`
  );
}

/** A raw connection that keeps what came. */
class Peer {
  readonly socket: Socket;
  text = "";
  isClosed = false;

  constructor(gateway: Running) {
    this.socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
    this.socket.setNoDelay(true);
    this.socket.setEncoding("latin1");
    this.socket.on("data", (chunk: string) => void (this.text += chunk));
    this.socket.on("close", () => void (this.isClosed = true));
    this.socket.on("error", () => void this.socket.destroy());
  }

  /** Status codes of the answers so far. */
  get statuses(): string[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => match[1] ?? "");
  }

  async send(bytes: string): Promise<void> {
    await new Promise<void>((resolve) => this.socket.write(bytes, "latin1", () => resolve()));
  }

  answered(count: number): Promise<void> {
    return within(() => this.statuses.length >= count && this.text.endsWith("}"));
  }
}

function runAnswering(): Promise<Upstream> {
  return runUpstream((response) => {
    response.setHeader("content-type", "application/json");
    response.end(answer);
  });
}

describe("one connection", () => {
  test("carries many requests, each with its own answer", async () => {
    await using upstream = await runAnswering();
    await using gateway = await runGateway(overUpstreams(upstream.baseUrl));
    const peer = new Peer(gateway);
    for (let i = 1; i <= 20; i++) {
      await peer.send(head(gateway) + body);
      await peer.answered(i);
    }
    expect(peer.statuses).toEqual(Array.from({ length: 20 }, () => "200"));
    expect(upstream.bodies.every((text) => text.includes("x".repeat(64)))).toBe(true);
    peer.socket.destroy();
  });

  test("answers pipelined requests in their order, one upstream call at a time", async () => {
    let open = 0;
    let most = 0;
    await using upstream = await runUpstream((response, text) => {
      most = Math.max(most, ++open);
      const { messages } = JSON.parse(text);
      setImmediate(() => {
        open--;
        response.setHeader("content-type", "application/json");
        response.end(answer.replace("hello", messages[0].content));
      });
    });
    await using gateway = await runGateway(overUpstreams(upstream.baseUrl));
    const peer = new Peer(gateway);
    const bodies = Array.from({ length: 8 }, (_, i) =>
      JSON.stringify({ model: "m", messages: [{ role: "user", content: `n${i}` }] }),
    );
    await peer.send(bodies.map((text) => head(gateway, text.length) + text).join(""));
    await peer.answered(8);
    expect([...peer.text.matchAll(/"content":"(n\d)"/g)].map((match) => match[1])).toEqual(
      bodies.map((_, i) => `n${i}`),
    );
    expect(most).toBe(1);
    peer.socket.destroy();
  });

  test("goes on at Node's server when a request is of another kind, with nothing lost", async () => {
    await using upstream = await runAnswering();
    await using gateway = await runGateway(overUpstreams(upstream.baseUrl));
    const peer = new Peer(gateway);
    await peer.send(head(gateway) + body);
    await peer.answered(1);
    await peer.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" + head(gateway) + body);
    await peer.answered(3);
    await peer.send(head(gateway) + body);
    await peer.answered(4);
    expect(peer.statuses).toEqual(["200", "200", "200", "200"]);
    peer.socket.destroy();
  });

  test("handed over with a body of 300 KB after kept-alive requests loses no byte", async () => {
    await using upstream = await runAnswering();
    await using gateway = await runGateway(overUpstreams(upstream.baseUrl));
    const peer = new Peer(gateway);
    await peer.send(head(gateway) + body);
    await peer.answered(1);
    const large = JSON.stringify({ model: "m", messages: [], pad: "y".repeat(300_000) });
    const chunks = `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;
    const chunkedHead = head(gateway).replace(/Content-Length: \d+/, "Transfer-Encoding: chunked");
    await peer.send(chunkedHead + chunks);
    await peer.answered(2);
    expect(peer.statuses).toEqual(["200", "200"]);
    expect(upstream.bodies[1]?.includes("y".repeat(300_000))).toBe(true);
    peer.socket.destroy();
  });

  test("closes after the answer when the client asks for it", async () => {
    await using upstream = await runAnswering();
    await using gateway = await runGateway(overUpstreams(upstream.baseUrl));
    const text = await gateway.raw(head(gateway, body.length, "Connection: close\r\n") + body);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toContain("connection: close\r\n");
    expect(text.endsWith(answer)).toBe(true);
  });
});

describe("a request in pieces", () => {
  test("is the same request, wherever it is cut", async () => {
    await using upstream = await runAnswering();
    await using gateway = await runGateway(overUpstreams(upstream.baseUrl));
    const whole = head(gateway) + body;
    const cuts = [1, 40, whole.length - body.length - 3, whole.length - body.length];
    cuts.push(whole.length - body.length + 1, whole.length - 1);
    for (const cut of cuts) {
      const peer = new Peer(gateway);
      await peer.send(whole.slice(0, cut));
      // A second request proves that the first piece was read before the rest is sent.
      expect((await gateway.get("/healthz")).status).toBe(200);
      await peer.send(whole.slice(cut));
      await peer.answered(1);
      expect([cut, peer.statuses]).toEqual([cut, ["200"]]);
      peer.socket.destroy();
    }
    expect(upstream.bodies).toHaveLength(cuts.length);
  });

  test("whose body does not come in time is 408, and the connection is closed", async () => {
    await using gateway = await runGateway({ http: { request: "200ms", head: "100ms" } });
    const slow = () => gateway.raw(head(gateway) + body.slice(0, 10));
    // To a machine that stood for that time no byte had come: such a connection is just closed.
    const text = await quietest(slow, (all) => all !== "");
    expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r/);
    expect(text).toContain("LL_HTTP_TIMEOUT");
  });

  test("a connection without a byte is closed after the time for a head", async () => {
    await using gateway = await runGateway({ http: { head: "100ms" } });
    const peer = new Peer(gateway);
    await within(() => peer.isClosed);
    expect(peer.text).toBe("");
  });

  test("a connection without a further request is closed after the keep-alive time", async () => {
    await using upstream = await runAnswering();
    const http = { keepAlive: "100ms" };
    await using gateway = await runGateway({ ...overUpstreams(upstream.baseUrl), http });
    const peer = new Peer(gateway);
    await peer.send(head(gateway) + body);
    await within(() => peer.isClosed);
    expect(peer.statuses).toEqual(["200"]);
  });
});

describe("a refused request", () => {
  const bad = (gateway: Running, length: number): string =>
    head(gateway, length).replace(/Bearer \S+/, "Bearer nonsense");

  test("with a small unread body leaves the connection good for the next one", async () => {
    await using upstream = await runAnswering();
    await using gateway = await runGateway(overUpstreams(upstream.baseUrl));
    const peer = new Peer(gateway);
    await peer.send(bad(gateway, body.length) + body.slice(0, 10));
    await peer.answered(1);
    await peer.send(body.slice(10) + head(gateway) + body);
    await peer.answered(2);
    expect(peer.statuses).toEqual(["401", "200"]);
    peer.socket.destroy();
  });

  test("with a large unread body is answered before the connection is closed", async () => {
    await using gateway = await runGateway();
    const peer = new Peer(gateway);
    await peer.send(bad(gateway, 3_000_000) + "z".repeat(100_000));
    await peer.answered(1);
    await peer.send("z".repeat(2_900_000));
    expect(peer.text).toContain("connection: close\r\n");
    await within(() => peer.isClosed);
    expect(peer.statuses).toEqual(["401"]);
  });

  test("with a length over the limit is 413 and no byte of it is kept", async () => {
    await using gateway = await runGateway({ http: { bodyBytesMax: 1024 } });
    const peer = new Peer(gateway);
    await peer.send(head(gateway, 1025) + "{");
    await peer.answered(1);
    expect(peer.statuses).toEqual(["413"]);
    peer.socket.destroy();
  });
});

describe("a client that leaves", () => {
  test("ends the upstream's call", async () => {
    let isClosed = false;
    await using upstream = await runUpstream((response) => {
      response.on("close", () => void (isClosed = true));
    });
    await using gateway = await runGateway(overUpstreams(upstream.baseUrl));
    const peer = new Peer(gateway);
    await peer.send(head(gateway) + body);
    await within(() => upstream.bodies.length === 1);
    peer.socket.destroy();
    await within(() => isClosed);
    expect(isClosed).toBe(true);
  });

  test("in the middle of its body leaves nothing under way", async () => {
    await using gateway = await runGateway();
    const peer = new Peer(gateway);
    const open = async (): Promise<string> => (await gateway.get("/metrics")).text();
    await peer.send(head(gateway) + body.slice(0, 10));
    await within(async () => (await open()).includes("loadline_requests_open 2\n"));
    peer.socket.destroy();
    await within(async () => (await open()).includes("loadline_requests_open 1\n"));
    expect(await open()).toContain("loadline_requests_open 1\n");
  });
});

describe("drain", () => {
  test("closes idle connections and lets a request under way end with its answer", async () => {
    let release = (): void => undefined;
    await using upstream = await runUpstream((response) => {
      release = () => {
        response.setHeader("content-type", "application/json");
        response.end(answer);
      };
    });
    await using gateway = await runGateway({
      ...overUpstreams(upstream.baseUrl),
      drain: { accept: 0, grace: "10s" },
    });
    const idle = new Peer(gateway);
    await idle.send(head(gateway).replace("Bearer", "Other") + body);
    await idle.answered(1);
    const busy = new Peer(gateway);
    await busy.send(head(gateway) + body);
    await within(() => upstream.bodies.length === 1);
    const closing = gateway.gateway.close();
    await within(() => idle.isClosed);
    expect(busy.isClosed).toBe(false);
    release();
    await within(() => busy.isClosed);
    await closing;
    expect(busy.statuses).toEqual(["200"]);
    expect(busy.text).toContain("connection: close\r\n");
  });
});
