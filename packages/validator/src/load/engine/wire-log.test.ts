import { createServer as createHttpServer } from "node:http";
import type { Socket } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { listenOnLoopback } from "../../../../testkit/src/listen.ts";
import { startScriptedServer } from "../../../../testkit/src/stall-server/index.ts";
import { createHttpClient } from "../clients/http.ts";
import { metricOf } from "../record/metrics.ts";
import type { LoadMetric } from "../types.ts";
import { Connections } from "./connections.ts";
import { createFlight, type Flight } from "./flight.ts";
import { asksWire } from "./wire-log.ts";

const clock = systemClock();
const head = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n";

/** Sends requests one after the other over sockets that are listened to. */
function open(url: string, o: { readonly wire?: boolean; readonly body?: string } = {}) {
  const request = { kind: "http", method: "POST", path: "/", body: o.body ?? "hello" } as const;
  const client = createHttpClient(request, { path: "", headers: ["host", "target"] });
  const waiting = new Map<Flight, () => void>();
  const connections = new Connections({
    url: new URL(url),
    clock,
    scenarios: 1,
    connectionsMax: 1,
    queueMax: 8,
    timeouts: {},
    wire: o.wire ?? true,
    finished: (flight) => waiting.get(flight)?.(),
    closedEarly: () => undefined,
    localFault: () => undefined,
  });
  return {
    ask: (): Promise<Flight> =>
      new Promise((resolve) => {
        const flight = createFlight(0, 0, clock.monotonicMs());
        flight.wakeMs = clock.monotonicMs();
        flight.client = client;
        waiting.set(flight, () => resolve(flight));
        connections.send(flight);
      }),
    [Symbol.dispose]: () => connections.close("cancelled"),
  };
}

const times = [
  "http_req_blocked",
  "http_req_connecting",
  "http_req_tls_handshaking",
  "http_req_sending",
  "http_req_receiving",
] as const;
const of = (flight: Flight): Record<string, number> =>
  Object.fromEntries(times.map((metric) => [metric, metricOf(flight, metric)]));

describe("what a socket tells of a request", () => {
  it("the first request of a connection waits for it, the next ones do not", async () => {
    await using server = await startScriptedServer(() => `${head}done`);
    using sent = open(server.url);
    const first = of(await sent.ask());
    expect(first["http_req_connecting"]).toBeGreaterThan(0);
    expect(first["http_req_blocked"]).toBeGreaterThanOrEqual(first["http_req_connecting"] ?? 0);
    const second = of(await sent.ask());
    expect(second["http_req_connecting"]).toBe(0);
    for (const one of [first, second]) {
      expect(one["http_req_tls_handshaking"]).toBe(0);
      for (const metric of times) expect(one[metric], metric).toBeGreaterThanOrEqual(0);
    }
  });

  it("the parts of a request add up to all of it, from being asked for to its last byte", async () => {
    await using server = await startScriptedServer((_n, socket: Socket) => {
      socket.write(head);
      clock.after(30, () => socket.write("done"));
      return undefined;
    });
    using sent = open(server.url);
    for (let i = 0; i < 3; i++) {
      const flight = await sent.ask();
      const part = of(flight);
      const sending = part["http_req_sending"] ?? Number.NaN;
      const beganMs = flight.wakeMs + (part["http_req_blocked"] ?? Number.NaN);
      const waiting = flight.firstByteMs - beganMs - sending;
      const receiving = part["http_req_receiving"] ?? Number.NaN;
      expect(receiving).toBeGreaterThanOrEqual(0);
      const whole = (part["http_req_blocked"] ?? Number.NaN) + sending + waiting + receiving;
      expect(whole).toBeCloseTo(flight.doneMs - flight.wakeMs, 6);
    }
  });

  it("bytes are those the target wrote and read, request by request", async () => {
    const body = "x".repeat(200_000);
    const read: number[] = [];
    const answer = (n: number): string => "y".repeat(10 ** (n + 1));
    const server = createHttpServer((request, response) => {
      const { socket } = request;
      const before = read.reduce((sum, one) => sum + one, 0);
      request.resume().on("end", () => {
        read.push(socket.bytesRead - before);
        response.end(answer(read.length));
      });
    });
    const url = `http://127.0.0.1:${await listenOnLoopback(server)}`;
    {
      using sent = open(url, { body });
      for (let n = 0; n < 4; n++) {
        const flight = await sent.ask();
        expect(metricOf(flight, "data_sent")).toBe(read[n]);
        const received = metricOf(flight, "data_received");
        const bytes = answer(n + 1).length;
        expect(received).toBeGreaterThan(bytes);
        expect(received).toBeLessThan(bytes * 1.1 + 400);
      }
    }
    server.closeAllConnections();
    server.close();
  });

  it("nobody listens unless a limit asks, and then no figure is made up", async () => {
    const limit = { scenario: "s", claim: "c", stream: "c", part: "all" } as const;
    const asks = (metric: LoadMetric): boolean => asksWire([{ ...limit, metric }]);
    expect([asks("response_time"), asks("http_req_receiving")]).toEqual([false, false]);
    expect([asks("http_req_connecting"), asks("data_sent")]).toEqual([true, true]);
    await using server = await startScriptedServer(() => `${head}done`);
    using sent = open(server.url, { wire: false });
    const flight = await sent.ask();
    expect("wire" in flight).toBe(false);
    for (const metric of ["http_req_connecting", "http_req_sending", "data_received"] as const) {
      expect(metricOf(flight, metric), metric).toBeNaN();
    }
    expect(metricOf(flight, "http_req_receiving")).toBeGreaterThanOrEqual(0);
  });
});
