import { describe, expect, it } from "vitest";
import { base, begin, delta, done, usage } from "./contract.fixture.ts";

describe("what waits for the client", () => {
  it("rests the upstream over its bound, and wakes it when the client took everything", () => {
    const t = begin({ settings: { ...base.settings, keepAliveMs: 1e9 } });
    t.client.isBlocked = true;
    t.lane(0).head();
    t.lane(0).send(delta("x".repeat(10_000)));
    expect(t.order.paused).toBe(0);
    t.lane(0).send(delta("x".repeat(10_000)));
    expect(t.order.paused).toBe(1);
    // While it rests, its silence is ours.
    t.world.clock.advance(600);
    expect(t.x.isOver).toBe(false);
    t.client.isBlocked = false;
    t.client.drain();
    expect(t.order.paused).toBe(0);
    t.world.clock.advance(400);
    expect(t.order.exits).toMatchObject([{ code: "LL_STREAM_STALL" }]);
  });

  it("a stream that rested is no slower for it: its minimum rate counts from its waking", () => {
    const settings = {
      ...base.settings,
      minBytesPerS: 100,
      keepAliveMs: 1e9,
      clientStalledMs: 1e9,
    };
    const t = begin({ settings, timeouts: { idle: 60_000, total: 600_000 } });
    t.client.isBlocked = true;
    t.lane(0).head();
    t.lane(0).send(delta("x".repeat(20_000)));
    expect(t.order.paused).toBe(1);
    t.world.clock.advance(40_000);
    t.client.isBlocked = false;
    t.client.drain();
    t.world.clock.advance(29_000);
    expect(t.x.isOver).toBe(false);
    t.world.clock.advance(1100);
    expect(t.order.exits).toMatchObject([{ reason: "cut", code: "LL_STREAM_TOO_SLOW" }]);
  });

  it.each([
    [usage + done, { reason: "ok" }],
    ["", { reason: "cut", code: "LL_STREAM_CUT" }],
  ])("its end is awaited anew when it rested after its finish: %j", (last, exit) => {
    const t = begin({ settings: { ...base.settings, keepAliveMs: 1e9 } });
    t.client.isBlocked = true;
    t.lane(0).head();
    t.world.clock.advance(100);
    t.lane(0).send(delta("x".repeat(20_000), "stop"));
    expect(t.order.paused).toBe(1);
    // Longer than the wait for an end: what the client has not taken keeps it from coming.
    t.world.clock.advance(600);
    expect(t.x.isOver).toBe(false);
    t.client.isBlocked = false;
    t.client.drain();
    t.world.clock.advance(100);
    expect(t.x.isOver).toBe(false);
    if (last !== "") t.lane(0).send(last);
    t.world.clock.advance(200);
    expect(t.order.exits).toMatchObject([exit]);
  });
});
