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

describe("a client that takes nothing any more", () => {
  const timeouts = { firstByte: 9000, firstContent: 9000, total: 60_000 };

  it("is cut off while its stream is to go on at another target", () => {
    const t = begin({ resumeMax: 1, timeouts });
    t.client.isBlocked = true;
    t.lane(0).head();
    t.lane(0).send(delta("a"));
    t.lane(0).fail();
    t.world.clock.advance(900);
    expect([t.x.isOver, t.client.isDestroyed]).toEqual([false, false]);
    t.world.clock.advance(200);
    expect([t.client.isDestroyed, t.lane(1).isAborted]).toEqual([true, true]);
    expect(t.order.exits).toMatchObject([{ reason: "client_stalled", status: 200 }]);
  });

  it.each(["attempt", "hold"])(
    "is cut off though no content came yet, and leaves no answer open: %s",
    (state) => {
      const settings = { ...base.settings, isKeptAliveBeforeContent: true };
      const t = begin({ settings, timeouts });
      t.client.isBlocked = true;
      if (state === "hold") t.lane(0).head();
      t.world.clock.advance(1200);
      expect([t.client.text, t.client.isDestroyed]).toEqual([": keep-alive\n\n", false]);
      t.world.clock.advance(300);
      expect([t.client.isDestroyed, t.lane(0).isAborted]).toEqual([true, true]);
      expect(t.order.exits).toMatchObject([{ reason: "client_left" }]);
    },
  );
});
