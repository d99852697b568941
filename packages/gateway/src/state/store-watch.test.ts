import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { gatewayErrors } from "../errors.ts";
import { createStoreWatch, type Pong } from "./store-watch.ts";

interface Ping {
  resolve(storeMs?: number): void;
  say(pong: Pong): void;
  reject(error: Error): void;
}

/** A store whose next pings the case decides. */
function world(): {
  clock: TestClock;
  pings: Ping[];
  states: string[];
  watch: ReturnType<typeof createStoreWatch>;
} {
  const clock = new TestClock();
  const pings: Ping[] = [];
  const states: string[] = [];
  const ping = (): Promise<Pong> =>
    new Promise((resolve, reject) => {
      pings.push({ resolve: (storeMs) => resolve({ storeMs }), say: resolve, reject });
    });
  const watch = createStoreWatch({ clock, ping, pingMs: 750 });
  watch.onHealth((health) => void states.push(health.state));
  return { clock, pings, states, watch };
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Time passes, and the ping under way then is answered at once. */
async function answered({ clock, pings }: ReturnType<typeof world>, ms: number): Promise<void> {
  clock.advance(ms);
  pings.at(-1)?.resolve();
  await turn();
}

describe("store watch", () => {
  it("asks each second while all is well and keeps the latency", async () => {
    const { clock, pings, watch, states } = world();
    clock.advance(1000);
    clock.advance(20);
    pings[0]?.resolve();
    await turn();
    expect(watch.health()).toMatchObject({ state: "ok", latencyMs: 20 });
    clock.advance(999);
    expect(pings).toHaveLength(1);
    clock.advance(1);
    expect([pings.length, states]).toEqual([2, []]);
  });

  it("is down 750 ms after a ping that nobody answers, 1.75 s after the store froze at most", async () => {
    const { clock, watch, states } = world();
    clock.advance(1749);
    await turn();
    expect(watch.health().state).toBe("ok");
    clock.advance(1);
    await turn();
    expect(watch.health()).toMatchObject({ state: "down", code: "LL_STATE_UNAVAILABLE" });
    expect(states).toEqual(["down"]);
  });

  it("asks every 250 ms while it is down and is ok with the first answer", async () => {
    const { clock, pings, watch, states } = world();
    clock.advance(1000);
    pings[0]?.reject(gatewayErrors.make("LL_STATE_UNAVAILABLE"));
    await turn();
    expect(watch.health().state).toBe("down");
    clock.advance(250);
    pings[1]?.resolve();
    await turn();
    expect(watch.health()).not.toHaveProperty("code");
    expect(states).toEqual(["down", "ok"]);
  });

  it("a failed call makes it degraded and asks at once, once", async () => {
    const { clock, pings, watch, states } = world();
    watch.onFailure("LL_STATE_UNAVAILABLE");
    watch.onFailure("LL_STATE_UNAVAILABLE");
    expect([pings.length, watch.health().state]).toEqual([1, "degraded"]);
    pings[0]?.resolve();
    await turn();
    expect(watch.health()).toMatchObject({ state: "degraded", code: "LL_STATE_UNAVAILABLE" });
    for (let i = 1; i <= 10; i++) {
      clock.advance(250);
      pings[i]?.resolve();
      await turn();
    }
    expect([watch.health().state, states]).toEqual(["ok", ["degraded", "ok"]]);
    clock.advance(999);
    expect(pings).toHaveLength(11);
  });

  it.each([
    ["twenty times a second", 50],
    ["each second", 1000],
    ["a second after one that took a second", 2000],
  ])(
    "stays degraded while calls fail %s and its pings do not, and is ok 2.5 s after the last",
    async (_often, everyMs) => {
      const asked = world();
      const { watch, states } = asked;
      for (let i = 0; i < 100; i++) {
        watch.onFailure("LL_STATE_UNAVAILABLE");
        for (let ms = 0; ms < everyMs; ms += 50) await answered(asked, 50);
      }
      expect(states).toEqual(["degraded"]);
      for (let ms = everyMs; ms < 2500; ms += 50) {
        expect(states).toEqual(["degraded"]);
        await answered(asked, 50);
      }
      await answered(asked, 250);
      expect(states).toEqual(["degraded", "ok"]);
    },
  );

  it("one that answers and says why it is not as it has to be is degraded, not down", async () => {
    const { clock, pings, watch } = world();
    clock.advance(1000);
    pings[0]?.say({ code: "LL_STATE_READ_ONLY" });
    await turn();
    expect(watch.health()).toMatchObject({ state: "degraded", code: "LL_STATE_READ_ONLY" });
  });

  it("a slow answer is degraded, not down", async () => {
    const { clock, pings, watch } = world();
    clock.advance(1000);
    clock.advance(300);
    pings[0]?.resolve();
    await turn();
    expect(watch.health()).toMatchObject({ state: "degraded", latencyMs: 300 });
  });

  it.each([
    ["60 s behind when it was asked", -60_000, "ok"],
    ["more than 60 s behind", -60_001, "LL_CLOCK_SKEW"],
    ["almost 60 s ahead", 59_999, "ok"],
    ["60 s ahead when it answered", 60_000, "ok"],
    ["more than 60 s ahead", 60_001, "LL_CLOCK_SKEW"],
  ])("a store whose clock is %s: %i ms is %s", async (_what, aheadMs, said) => {
    const { clock, pings, watch } = world();
    clock.advance(1000);
    const sentMs = clock.wallMs();
    clock.advance(100);
    pings[0]?.resolve((aheadMs < 0 ? sentMs : clock.wallMs()) + aheadMs);
    await turn();
    const { state, code } = watch.health();
    expect(code ?? state).toBe(said);
    expect(state).toBe(code === undefined ? "ok" : "degraded");
  });

  it("a clock that is right again makes it ok", async () => {
    const { clock, pings, watch, states } = world();
    clock.advance(1000);
    pings[0]?.resolve(clock.wallMs() + 3_600_000);
    await turn();
    expect(watch.health()).toMatchObject({ state: "degraded", code: "LL_CLOCK_SKEW" });
    clock.advance(250);
    pings[1]?.resolve(clock.wallMs());
    await turn();
    expect(watch.health()).not.toHaveProperty("code");
    expect(states).toEqual(["degraded", "ok"]);
  });

  it("says since when, and that moment stays while the state does", async () => {
    const { clock, pings, watch } = world();
    clock.advance(1000);
    pings[0]?.reject(new Error("refused"));
    await turn();
    const since = watch.health().sinceMs;
    clock.advance(250);
    pings[1]?.reject(new Error("refused"));
    await turn();
    expect(watch.health().sinceMs).toBe(since);
  });

  it("leaves no timer behind when it is closed", async () => {
    const { clock, pings, watch } = world();
    clock.advance(1000);
    watch.close();
    pings[0]?.resolve();
    await turn();
    expect(clock.pending).toBe(0);
  });
});
