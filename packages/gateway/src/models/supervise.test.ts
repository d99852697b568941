import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import type { ModelHost, ModelHostExit } from "./index.ts";
import { modelErrors } from "./index.ts";
import { superviseHost } from "./supervise.ts";

interface Life {
  readonly host: ModelHost;
  end(exit: ModelHostExit): void;
}

function createLife(): Life {
  const exit = Promise.withResolvers<ModelHostExit>();
  const host: ModelHost = {
    socketPath: "/nowhere.sock",
    pid: 1,
    state: "ready",
    close: () => Promise.resolve(),
    onExit: (told) => void exit.promise.then(told),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { host, end: exit.resolve };
}

const killed: ModelHostExit = { code: null, signal: "SIGKILL", wanted: false };

function setUp(starts: (() => Promise<ModelHost>)[]) {
  const clock = new TestClock();
  const stop = new AbortController();
  const logged: string[] = [];
  let started = 0;
  const supervision = superviseHost({
    start: () => {
      const next = starts[Math.min(started++, starts.length - 1)];
      return next === undefined ? Promise.reject(new Error("no start")) : next();
    },
    clock,
    logger: {
      error: (event, fields) => logged.push(`${event} ${Object.values(fields ?? {}).join(" ")}`),
    },
    signal: stop.signal,
  });
  return { clock, stop, logged, supervision, started: () => started };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

describe("supervision of a model host", () => {
  it("a killed host is replaced at once, the next one after a wait [R0-24]", async () => {
    const lives = [createLife(), createLife(), createLife()];
    const t = setUp(lives.map((life) => () => Promise.resolve(life.host)));
    await settle();
    expect(t.supervision.host).toBe(lives[0]?.host);
    lives[0]?.end(killed);
    await settle();
    expect(t.supervision.host).toBeUndefined();
    t.clock.advance(0);
    await settle();
    expect(t.supervision.host).toBe(lives[1]?.host);
    lives[1]?.end(killed);
    await settle();
    t.clock.advance(499);
    await settle();
    expect(t.started()).toBe(2);
    t.clock.advance(1);
    await settle();
    expect(t.supervision.host).toBe(lives[2]?.host);
    expect(t.logged).toEqual(["model host ended SIGKILL", "model host ended SIGKILL"]);
    t.stop.abort();
  });

  it("failing starts wait longer and longer, up to 30 s", async () => {
    const t = setUp([() => Promise.reject(modelErrors.make("LL_MODEL_START_TIMEOUT"))]);
    const waits: number[] = [];
    for (const delayMs of [0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      await settle();
      const before = t.started();
      if (delayMs > 0) {
        t.clock.advance(delayMs - 1);
        await settle();
        expect(t.started()).toBe(before);
      }
      t.clock.advance(Math.min(delayMs, 1));
      await settle();
      waits.push(t.started() - before);
    }
    expect(waits).toEqual(waits.map(() => 1));
    t.stop.abort();
  });

  it("a second of service forgives a crash: what serves starts again at once", async () => {
    const lives = [createLife(), createLife(), createLife(), createLife()];
    const t = setUp(lives.map((life) => () => Promise.resolve(life.host)));
    for (const life of lives.slice(0, 3)) {
      await settle();
      t.clock.advance(1001);
      life.end(killed);
      await settle();
      t.clock.advance(0);
    }
    await settle();
    expect(t.supervision.host).toBe(lives[3]?.host);
    t.stop.abort();
  });

  it("a damaged file is not tried again", async () => {
    const t = setUp([() => Promise.reject(modelErrors.make("LL_MODEL_DAMAGED"))]);
    await t.supervision.ended;
    expect(t.started()).toBe(1);
    expect(t.logged).toEqual([expect.stringContaining("LL_MODEL_DAMAGED")]);
  });

  it("after the signal nothing is started and nothing is logged", async () => {
    const life = createLife();
    const t = setUp([() => Promise.resolve(life.host)]);
    await settle();
    t.stop.abort();
    life.end({ code: 0, signal: null, wanted: true });
    await t.supervision.ended;
    expect(t.started()).toBe(1);
    expect(t.logged).toEqual([]);
    expect(t.clock.pending).toBe(0);
  });
});
