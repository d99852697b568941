import { createServer as createHttpServer } from "node:http";
import type { Server, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { listenOnLoopback } from "../../../../testkit/src/listen.ts";
import { selfSigned } from "../../../../testkit/src/self-signed/index.ts";
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
    insecure: true,
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
    connections,
    [Symbol.dispose]: () => connections.close("cancelled"),
  };
}

const holdMs = 60;
const bodyMs = 30;

/** Holds the head of every answer back, and its body once more. */
function answerLate(socket: Socket): undefined {
  clock.after(holdMs, () => {
    socket.write(head);
    clock.after(bodyMs, () => socket.write("done"));
  });
}

/** What came between being ready to send and the last byte of the answer. */
function partsOf(flight: Flight) {
  const part = of(flight);
  const sendingMs = part["http_req_sending"] ?? Number.NaN;
  const beganMs = flight.wakeMs + (part["http_req_blocked"] ?? Number.NaN);
  const waitingMs = flight.firstByteMs - beganMs - sendingMs;
  return { sendingMs, waitingMs, receivingMs: part["http_req_receiving"] ?? Number.NaN };
}

/** What a target that answers late lets see of each part, of several requests. */
function expectParts(flights: readonly Flight[]): void {
  const parts = flights.map(partsOf);
  // Each was seen to go: NaN is above nothing.
  expect(flights.every(({ wire }) => (wire?.sentMs ?? 0) > 0)).toBe(true);
  for (const { sendingMs, waitingMs, receivingMs } of parts) {
    expect(sendingMs).toBeGreaterThanOrEqual(0);
    expect(waitingMs).toBeGreaterThan(-1e-6);
    expect(receivingMs).toBeGreaterThanOrEqual(0);
  }
  // A part that held another's time would never be below that time.
  expect(Math.min(...parts.map(({ sendingMs }) => sendingMs))).toBeLessThan(holdMs / 2);
  expect(Math.max(...parts.map(({ waitingMs }) => waitingMs))).toBeGreaterThan(holdMs / 2);
  expect(Math.max(...parts.map(({ receivingMs }) => receivingMs))).toBeGreaterThan(bodyMs / 2);
  expect(Math.min(...parts.map(({ receivingMs }) => receivingMs))).toBeLessThan(bodyMs + holdMs);
}

const urlOf = async (server: Server, scheme: string): Promise<string> =>
  `${scheme}://127.0.0.1:${await listenOnLoopback(server)}`;

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

  it("sending, waiting and receiving each have their own time, none that of another", async () => {
    await using server = await startScriptedServer((_n, socket: Socket) => answerLate(socket));
    using sent = open(server.url);
    const flights: Flight[] = [];
    for (let i = 0; i < 5; i++) flights.push(await sent.ask());
    expectParts(flights);
  });

  it("over TLS the last byte is seen to go, too, and nobody is left listening for it", async () => {
    const warnings: string[] = [];
    const warned = ({ name }: Error): void => void warnings.push(name);
    process.on("warning", warned);
    const server = createTlsServer(selfSigned(), (socket) => {
      socket.on("error", () => undefined);
      socket.on("data", () => answerLate(socket));
    });
    {
      using sent = open(await urlOf(server, "https"));
      const flights: Flight[] = [];
      for (let i = 0; i < 14; i++) flights.push(await sent.ask());
      expect(sent.connections.connectionsMade).toBe(1);
      expectParts(flights.slice(1));
    }
    server.close();
    process.off("warning", warned);
    expect(warnings).not.toContain("MaxListenersExceededWarning");
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
    {
      using sent = open(await urlOf(server, "http"), { body });
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
