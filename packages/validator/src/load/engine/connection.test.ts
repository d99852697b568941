import type { Server, Socket } from "node:net";
import { createServer as createTcpServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { listenOnLoopback } from "../../../../testkit/src/listen.ts";
import { selfSigned } from "../../../../testkit/src/self-signed/index.ts";
import type { AnswerReader, LoadClient } from "../clients/client.ts";
import { createHttpClient } from "../clients/http.ts";
import { metricOf } from "../record/metrics.ts";
import { Connections } from "./connections.ts";
import { createFlight, type Flight, type LoadOutcome } from "./flight.ts";

const answer = (body: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const base = { path: "", headers: ["host", "target"] };
const plain = createHttpClient({ kind: "http", method: "GET", path: "/" }, base);

type Ended = readonly [Flight, LoadOutcome];

/** Real sockets under a clock that only the test moves; at most one connection. */
function open(url: string, clock: TestClock) {
  const waiting = new Map<Flight, (ended: Ended) => void>();
  const connections = new Connections({
    url: new URL(url),
    clock,
    scenarios: 1,
    connectionsMax: 1,
    queueMax: 8,
    timeouts: {},
    insecure: true,
    finished: (flight, outcome) => waiting.get(flight)?.([flight, outcome]),
    closedEarly: () => undefined,
    localFault: () => undefined,
  });
  return {
    ask: (client: LoadClient = plain): Promise<Ended> =>
      new Promise((resolve) => {
        const flight = createFlight(0, 0, clock.monotonicMs());
        flight.wakeMs = clock.monotonicMs();
        flight.client = client;
        waiting.set(flight, resolve);
        connections.send(flight);
      }),
    [Symbol.dispose]: () => connections.close("cancelled"),
  };
}

/** Answers each read after `serviceMs` of the clock; `body` tells the answers apart. */
function answering(clock: TestClock, o: { serviceMs?: number; body?: (n: number) => string } = {}) {
  let n = 0;
  return (socket: Socket): void => {
    socket.on("error", () => socket.destroy());
    socket.on("data", () => {
      clock.advance(o.serviceMs ?? 0);
      socket.write(answer(o.body?.(n++) ?? "ok"));
    });
  };
}

const waits = ([flight]: Ended): Record<string, number> => ({
  queue_wait: metricOf(flight, "queue_wait"),
  service_time: metricOf(flight, "service_time"),
  ttfb: metricOf(flight, "ttfb"),
  response_time: metricOf(flight, "response_time"),
});

/** Part of the wait that was for the connection to open. */
const connecting = ([flight]: Ended): number => flight.sendMs - flight.carriedMs;

async function listening(server: Server, scheme = "http"): Promise<string> {
  return `${scheme}://127.0.0.1:${await listenOnLoopback(server)}`;
}

describe("a request on its connection", () => {
  it("waiting for the connection is no service of the target; who reuses it does not wait", async () => {
    const clock = new TestClock();
    const server = createTcpServer(answering(clock, { serviceMs: 7 }));
    {
      using sent = open(await listening(server), clock);
      const first = sent.ask();
      clock.advance(40);
      const cold = { queue_wait: 40, service_time: 7, ttfb: 7, response_time: 47 };
      expect(waits(await first)).toEqual(cold);
      expect(connecting(await first)).toBe(40);
      const warm = { queue_wait: 0, service_time: 7, ttfb: 7, response_time: 7 };
      const second = await sent.ask();
      expect(waits(second)).toEqual(warm);
      expect(connecting(second)).toBe(0);
    }
    server.close();
  });

  it("over TLS the handshake is waited for, too", async () => {
    const clock = new TestClock();
    const server = createTlsServer(selfSigned(), answering(clock, { serviceMs: 7 }));
    // The client is connected then, and nothing is agreed on yet.
    server.on("connection", () => clock.advance(30));
    {
      using sent = open(await listening(server, "https"), clock);
      const cold = { queue_wait: 30, service_time: 7, ttfb: 7, response_time: 37 };
      expect(waits(await sent.ask())).toEqual(cold);
    }
    server.close();
  });

  it("one that got no connection was asked for all the same: it is no gap of the generator", async () => {
    const clock = new TestClock();
    clock.advance(5);
    const server = createTcpServer();
    const url = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    using sent = open(url, clock);
    const asked = sent.ask();
    clock.advance(40);
    const [flight, outcome] = await asked;
    expect([outcome, flight.sendMs]).toEqual(["connect", 5]);
  });

  it("answers of one length or of others, one after the other, are read each as its own", async () => {
    const clock = new TestClock();
    const bodyOf = ["0!", "1!", "two", "3!", "4!"];
    const server = createTcpServer(answering(clock, { body: (n) => bodyOf[n] ?? "last" }));
    const bodies: string[] = [];
    const reader: AnswerReader = {
      head: () => undefined,
      data: (_flight, chunk) => void bodies.push(chunk.toString("latin1")),
      end: () => "ok",
    };
    {
      using sent = open(await listening(server), clock);
      for (let i = 0; i < bodyOf.length; i++) await sent.ask({ ...plain, reader: () => reader });
      // Who reads no body is not given it, on the same connection.
      const skips = { ...reader, skipsData: true };
      expect((await sent.ask({ ...plain, reader: () => skips }))[1]).toBe("ok");
    }
    server.close();
    expect(bodies).toEqual(bodyOf);
  });
});
