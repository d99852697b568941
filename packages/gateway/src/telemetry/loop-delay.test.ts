import { systemClock, TestClock } from "@loadline/kit/clock";
import { createMetrics } from "@loadline/kit/metrics";
import { eventually } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { type Running, runGateway } from "../../test/harness.ts";
import { watchLoop } from "./loop-delay.ts";

/** A clock whose timers fire as late as the test says. */
class LateClock extends TestClock {
  lateMs = 0;

  override after(delayMs: number, run: () => void) {
    return super.after(delayMs + this.lateMs, run);
  }
}

function setup() {
  const clock = new LateClock();
  const metrics = createMetrics();
  const stop = new AbortController();
  const loop = watchLoop(clock, metrics, { signal: stop.signal, lateForMs: 1000 });
  return { clock, metrics, stop, loop };
}

describe("event loop delay", () => {
  it("over 100 ms at every look for a second is overload, and one look in time ends it", () => {
    const { clock, loop, metrics } = setup();
    clock.lateMs = 150;
    // The first timer was armed in time.
    clock.advance(50);
    clock.advance(1150);
    expect(loop.isOverloaded).toBe(false);
    clock.advance(250);
    expect(loop.isOverloaded).toBe(true);
    expect(metrics.render()).toContain("loadline_overloaded 1\n");
    clock.lateMs = 0;
    clock.advance(300);
    expect(loop.isOverloaded).toBe(false);
  });

  it("a delay of 100 ms, or a single long pause, is no overload", () => {
    const { clock, loop } = setup();
    clock.lateMs = 100;
    clock.advance(5000);
    expect(loop.isOverloaded).toBe(false);
    clock.lateMs = 60_000;
    clock.advance(200);
    clock.lateMs = 0;
    clock.advance(60_100);
    expect(loop.isOverloaded).toBe(false);
  });

  it("of any size is no overload where 0 says never", () => {
    const clock = new LateClock();
    const loop = watchLoop(clock, createMetrics(), { lateForMs: 0 });
    clock.lateMs = 500;
    clock.advance(10_000);
    expect(loop.isOverloaded).toBe(false);
  });

  it("is a histogram from the start, and ends with its signal", () => {
    const { clock, metrics, stop } = setup();
    expect(metrics.render()).toContain("loadline_event_loop_delay_seconds_count 0\n");
    clock.advance(1000);
    expect(metrics.render()).toContain("loadline_event_loop_delay_seconds_count 20\n");
    stop.abort();
    expect(clock.pending).toBe(0);
    watchLoop(clock, createMetrics(), { signal: AbortSignal.abort(), lateForMs: 1000 });
    expect(clock.pending).toBe(0);
  });
});

/** Keeps this process's event loop, which is the gateway's too, busy for 200 ms at a time. */
async function keepBusy(until: () => boolean): Promise<void> {
  const clock = systemClock();
  for (let i = 0; i < 60 && !until(); i++) {
    const endMs = clock.monotonicMs() + 200;
    while (clock.monotonicMs() < endMs) Math.sqrt(endMs);
    await new Promise((resolve) => void setImmediate(resolve));
    await new Promise((resolve) => void setImmediate(resolve));
  }
}

const chat = { model: "sim", messages: [{ role: "user", content: "hi" }] };

/** What calls get while the loop is kept busy for as long as it takes. */
async function whileBusy(g: Running, call: () => Promise<Response>, wanted: number) {
  let seen: Response | undefined;
  let isOver = false;
  const calls = (async (): Promise<void> => {
    while (!isOver) {
      const answer = await call();
      if (answer.status === wanted) {
        seen = answer;
        return;
      }
      await answer.text();
    }
  })();
  await keepBusy(() => seen !== undefined);
  isOver = true;
  await calls;
  return seen;
}

describe("a gateway whose loop does not keep up", () => {
  it("refuses new model calls with LL_SERVER_OVERLOADED, and goes on answering about itself", async () => {
    await using g = await runGateway({ telemetry: { overloadAfter: "1s" } });
    const refused = await whileBusy(g, () => g.post("/v1/chat/completions", chat), 503);
    expect(refused?.headers.get("retry-after")).toBe("1");
    expect(await refused?.text()).toContain('"code":"LL_SERVER_OVERLOADED"');
    const isServed = async (): Promise<boolean> => {
      const answer = await g.post("/v1/chat/completions", chat);
      await answer.text();
      return answer.status === 200;
    };
    await eventually(systemClock(), isServed, 10_000);
    const metrics = await (await g.get("/metrics")).text();
    expect(metrics).toMatch(
      /loadline_requests_total\{operation="chat",route="_none",status="503"\} [1-9]/,
    );
  });

  it("still serves health and admin while it refuses calls", async () => {
    let isOverloaded = false;
    await using g = await runGateway({}, undefined, {
      stages: (table) =>
        table.map((stage) =>
          stage.id === "overload" && isOverloaded
            ? { ...stage, run: () => ({ code: "LL_SERVER_OVERLOADED" }) }
            : stage,
        ),
    });
    isOverloaded = true;
    for (const path of ["/healthz", "/readyz", "/health", "/metrics", "/v1/models"])
      expect((await g.get(path)).status).toBe(200);
    expect(
      g.gateway.stages
        .filter(({ stages }) => stages.some(({ id }) => id === "overload"))
        .map(({ operation }) => operation),
    ).toEqual(["chat", "completions", "embeddings", "responses", "messages"]);
  });
});
