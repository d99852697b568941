import type { Socket } from "node:net";
import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { startScriptedServer } from "../../../../testkit/src/stall-server/index.ts";
import { createHttpClient } from "../clients/http.ts";
import { Connections } from "./connections.ts";
import { createFlight } from "./flight.ts";
import { EarlyCloses, idleLimitMs, isSpent } from "./reuse.ts";

type Script = Parameters<typeof startScriptedServer>[0];

const answer = (header: string): string =>
  `HTTP/1.1 200 OK\r\n${header}content-length: 2\r\n\r\nok`;

interface Bench extends AsyncDisposable {
  readonly clock: TestClock;
  readonly connections: Connections;
  readonly found: readonly number[];
  /** Sends one request and gives its outcome. */
  ask(): Promise<string>;
}

/** Real sockets, a clock of our own: only what the server does takes real time. */
async function open(script: Script): Promise<Bench> {
  const server = await startScriptedServer(script);
  const clock = new TestClock();
  const found: number[] = [];
  const ended = new Map<number, (outcome: string) => void>();
  const request = { kind: "http", method: "GET", path: "/" } as const;
  const client = createHttpClient(request, { path: "", headers: ["host", "target"] });
  const connections = new Connections({
    url: new URL(server.url),
    clock,
    scenarios: 1,
    connectionsMax: 8,
    queueMax: 8,
    timeouts: {},
    finished: (flight, outcome) => ended.get(flight.index)?.(outcome),
    closedEarly: (scenario) => found.push(scenario),
    localFault: () => undefined,
  });
  let index = 0;
  return {
    clock,
    connections,
    found,
    ask: () =>
      new Promise((resolve) => {
        const flight = createFlight(0, index, clock.monotonicMs());
        ended.set(index++, resolve);
        flight.wakeMs = clock.monotonicMs();
        flight.client = client;
        connections.send(flight);
      }),
    [Symbol.asyncDispose]: async () => {
      connections.close("cancelled");
      await server[Symbol.asyncDispose]();
    },
  };
}

async function askMany(bench: Bench, times: number, gapMs = 0): Promise<string[]> {
  const outcomes: string[] = [];
  for (let i = 0; i < times; i++) {
    outcomes.push(await bench.ask());
    bench.clock.advance(gapMs);
  }
  return outcomes;
}

/** Counts the requests of each connection, for a server that speaks of what it allows. */
function perConnection(script: (nth: number, socket: Socket) => string | undefined): Script {
  const seen = new WeakMap<Socket, number>();
  return (_request, socket) => {
    const nth = (seen.get(socket) ?? 0) + 1;
    seen.set(socket, nth);
    return script(nth, socket);
  };
}

const allOk = (times: number): string[] => Array.from({ length: times }, () => "ok");

describe("reuse of a connection", () => {
  it("never goes past the `max` a server announces, whether it is the total or what is left", async () => {
    const silent = perConnection((nth, socket) =>
      nth <= 5 ? answer("keep-alive: timeout=5, max=5\r\n") : void socket.destroy(),
    );
    await using total = await open(silent);
    expect(await askMany(total, 12)).toEqual(allOk(12));
    expect(total.connections.connectionsMade).toBe(3);

    const falling = perConnection((nth, socket) =>
      nth <= 5 ? answer(`keep-alive: timeout=5, max=${5 - nth}\r\n`) : void socket.destroy(),
    );
    await using left = await open(falling);
    expect(await askMany(left, 12)).toEqual(allOk(12));
    expect(left.connections.connectionsMade).toBe(3);
  });

  it("ends before the `timeout` a server announces, a margin earlier, without waiting for a sweep", async () => {
    const script = perConnection(() => answer("keep-alive: timeout=2\r\n"));
    await using young = await open(script);
    expect(await askMany(young, 4, 999)).toEqual(allOk(4));
    expect(young.connections.connectionsMade).toBe(1);
    await using old = await open(script);
    expect(await askMany(old, 4, 1000)).toEqual(allOk(4));
    expect(old.connections.connectionsMade).toBe(4);
  });

  it("ends before 4 s of lying idle where the server says nothing", async () => {
    await using bench = await open(perConnection(() => answer("")));
    await askMany(bench, 2, 3999);
    expect(bench.connections.connectionsMade).toBe(1);
    bench.clock.advance(1);
    await askMany(bench, 1);
    expect(bench.connections.connectionsMade).toBe(2);
  });

  it.each(["connection: close\r\n", "Connection: Close\r\n", "keep-alive: timeout=0\r\n"])(
    "does not happen after %j, even while the server keeps the connection open",
    async (header) => {
      await using bench = await open(perConnection(() => answer(header)));
      expect(await askMany(bench, 3)).toEqual(allOk(3));
      expect(bench.connections.connectionsMade).toBe(3);
    },
  );

  it("counts a connection that died between two requests as stale_connection, and sends nothing twice", async () => {
    let requests = 0;
    const script = perConnection((nth, socket) => {
      requests++;
      return nth === 1 ? answer("") : void socket.destroy();
    });
    await using bench = await open(script);
    expect(await askMany(bench, 2)).toEqual(["ok", "stale_connection"]);
    expect(requests).toBe(2);
  });

  it("stops after three unannounced closes in a row: later answers of that scenario end their connection", async () => {
    const kept = "keep-alive: timeout=5, max=100\r\n";
    let isHonest = false;
    const script = perConnection((nth, socket) => {
      if (isHonest) return answer(kept);
      // Announced as kept, closed at once: the next request on it would be lost.
      if (nth === 1) socket.end(answer(kept));
      else socket.destroy();
      return undefined;
    });
    await using bench = await open(script);
    // Each close is seen while the connection lies idle, or by the request that lost the race.
    for (let tries = 0; tries < 12 && bench.found.length === 0; tries++) {
      expect(["ok", "stale_connection"]).toContain(await bench.ask());
    }
    isHonest = true;
    expect(bench.found).toEqual([0]);
    const before = bench.connections.connectionsMade;
    expect(await askMany(bench, 4)).toEqual(allOk(4));
    expect(bench.connections.connectionsMade - before).toBeGreaterThanOrEqual(3);
  });
});

describe("idleLimitMs", () => {
  it("is the hint less a second, less half of it below two, and never over 4 s", () => {
    expect([-1, 0, 1000, 2000, 5000, 60_000].map(idleLimitMs)).toEqual([
      4000, 0, 500, 1000, 4000, 4000,
    ]);
  });
});

describe("isSpent", () => {
  it("reads a constant number as the total and a falling one as what is left", () => {
    expect([99, 100].map((served) => isSpent(served, 100, 100))).toEqual([false, true]);
    expect([3, 1, 0].map((left) => isSpent(97, 99, left))).toEqual([false, false, true]);
    expect(isSpent(1_000_000, -1, -1)).toBe(false);
  });
});

describe("EarlyCloses", () => {
  it("forgets closes once a connection gave a second answer, and ignores those of old age", () => {
    const found: number[] = [];
    const closes = new EarlyCloses(2, (scenario) => found.push(scenario));
    for (let i = 0; i < 10; i++) {
      closes.closed(0, 5);
      closes.closed(0, 5);
      closes.survived(0);
      closes.closed(1, 500);
    }
    expect([closes.mayReuse(0), closes.mayReuse(1)]).toEqual([true, true]);
    expect(found).toEqual([]);
  });

  it("tells a scenario once, keeps to it, and leaves the others alone", () => {
    const found: number[] = [];
    const closes = new EarlyCloses(2, (scenario) => found.push(scenario));
    for (let i = 0; i < 5; i++) closes.closed(1, 0);
    closes.survived(1);
    expect([closes.mayReuse(0), closes.mayReuse(1)]).toEqual([true, false]);
    expect(found).toEqual([1]);
  });
});
