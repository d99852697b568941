import { describe, expect, it } from "vitest";
import { base, begin, delta, done, usage, whole } from "./contract.fixture.ts";

describe("hedging", () => {
  it("the first content wins, the other is aborted at once and billed as estimated", () => {
    const t = begin({ hedgeAfterMs: 100 });
    t.world.clock.advance(160);
    expect(t.order.lanes).toHaveLength(2);
    t.lane(1).head();
    t.lane(1).send(delta("b"));
    expect(t.lane(0).isAborted).toBe(true);
    expect(t.client.headers.join()).toContain("x-loadline-hedged,1");
    t.lane(1).send(delta("", "stop") + usage + done);
    expect(t.x.attempts).toMatchObject([
      { target: "a", failure: "aborted", usage: { source: "estimated" } },
      { target: "b", failure: "ok" },
    ]);
    expect(t.x.usage?.source).toBe("estimated");
  });

  it("never starts after content", () => {
    const t = begin({ hedgeAfterMs: 100 });
    t.lane(0).head();
    t.lane(0).send(delta("a"));
    t.world.clock.advance(200);
    expect(t.order.lanes).toHaveLength(1);
  });

  it("one of two failing is no reason for a third", () => {
    const t = begin({ hedgeAfterMs: 100 });
    t.world.clock.advance(160);
    t.lane(0).fail();
    expect(t.order.lanes).toHaveLength(2);
    t.lane(1).fail();
    expect(t.order.lanes).toHaveLength(3);
  });
});

describe("whole answers", () => {
  it("over the bound they pass at once, and a later cut breaks the connection", () => {
    const t = begin({ isStream: false });
    t.lane(0).head();
    t.lane(0).send("x".repeat(2001));
    expect(t.client.headers.join()).toContain("x-loadline-commit,early");
    expect(t.client.text).toHaveLength(2001);
    t.lane(0).fail();
    expect(t.client.isDestroyed).toBe(true);
    expect(t.order.lanes).toHaveLength(1);
  });

  it("an early answer that ends well is whole", () => {
    const t = begin({ isStream: false });
    t.lane(0).head();
    t.lane(0).send("x".repeat(2001));
    t.lane(0).send("y");
    t.lane(0).end();
    expect(t.client.text).toHaveLength(2002);
    expect(t.order.exits).toMatchObject([{ reason: "ok", status: 200 }]);
  });

  it("all held answers together have a bound, too", () => {
    const settings = { ...base.settings, heldBytesMaxTotal: 100 };
    const t = begin({ isStream: false, settings });
    t.lane(0).head();
    t.lane(0).send("x".repeat(101));
    expect(t.client.headers.join()).toContain("x-loadline-commit,early");
  });

  it("without usage they say that it is estimated", () => {
    const t = begin({ isStream: false });
    t.lane(0).head();
    t.lane(0).send(whole);
    t.lane(0).end();
    expect(t.client.headers.join()).toContain("x-loadline-usage,estimated");
  });
});

describe("what an upstream reports within a stream to be the caller's fault", () => {
  const tooLong = 'data: {"error":{"message":"m","code":"context_length_exceeded"}}\n\n';

  it("is the caller's before the first content: no other target is asked for it", () => {
    const t = begin();
    t.lane(0).head();
    t.lane(0).send(tooLong);
    expect(t.order.lanes).toHaveLength(1);
    expect(t.order.ended).toEqual(["a caller"]);
    expect(t.order.exits).toMatchObject([{ code: "LL_BODY_FIELD" }]);
  });

  it("is held against no target after it, and cuts the stream", () => {
    const t = begin();
    t.lane(0).head();
    t.lane(0).send(delta("a") + tooLong);
    expect(t.order.ended).toEqual(["a caller"]);
    expect(t.client.text).toContain("LL_STREAM_UPSTREAM_ERROR");
  });
});
