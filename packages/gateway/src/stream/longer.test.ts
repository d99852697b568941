import { describe, expect, it } from "vitest";
import { begin, delta, done } from "./contract.fixture.ts";

const refusal = '{"error":{"message":"m","code":"context_length_exceeded"}}';
const json = ["content-type", "application/json"];

/** An order whose first target said that the prompt is too long for it. */
function refused(o: Parameters<typeof begin>[0] = {}) {
  const t = begin({ hasLonger: true, ...o });
  t.order.lanes[0]?.sink.head(400, json);
  t.lane(0).send(refusal);
  t.lane(0).end();
  return t;
}

describe("a target for prompts that are too long", () => {
  it("is asked at once, and its stream is the answer; the refusal is settled as the caller's", () => {
    const t = refused();
    expect(t.order.lanes).toHaveLength(2);
    t.lane(1).head();
    t.lane(1).send(delta("a") + delta("", "stop") + done);
    expect(t.client.text).toBe(delta("a") + delta("", "stop") + done);
    expect(t.order.ended).toEqual(["a caller", "b ok"]);
    expect(t.order.exits).toMatchObject([{ reason: "ok", status: 200 }]);
  });

  it.each([
    ["by its code", refusal],
    ["in words", '{"error":{"message":"The maximum context length is 9 tokens.","code":400}}'],
  ])("is asked when the first one reports it within its stream: %s", (_how, said) => {
    const t = begin({ hasLonger: true });
    t.lane(0).head();
    t.lane(0).send(`data: ${said}\n\n`);
    expect(t.order.lanes).toHaveLength(2);
    t.lane(1).head();
    t.lane(1).send(delta("a") + delta("", "stop") + done);
    expect(t.client.text).toBe(delta("a") + delta("", "stop") + done);
    expect(t.order.ended).toEqual(["a caller", "b ok"]);
  });

  it("is not asked for what the first one reports of something else", () => {
    const t = begin({ hasLonger: true });
    t.lane(0).head();
    t.lane(0).send('data: {"error":{"message":"m","code":"content_filter"}}\n\n');
    expect(t.order.lanes).toHaveLength(1);
    expect(t.order.exits).toMatchObject([{ code: "LL_BODY_FIELD" }]);
  });

  it.each(["before its head", "before its content"])(
    "that fails %s leaves the first refusal standing, and no other is asked",
    (when) => {
      const t = refused();
      if (when === "before its content") t.lane(1).head();
      t.lane(1).fail();
      expect([t.client.status, t.client.text]).toEqual([400, refusal]);
      expect(t.order.lanes).toHaveLength(2);
      expect(t.order.exits).toHaveLength(1);
    },
  );

  it("that is silent leaves the first refusal standing when its time is over", () => {
    const t = refused();
    t.world.clock.advance(600);
    expect([t.client.status, t.client.text]).toEqual([400, refusal]);
    expect(t.lane(1).isAborted).toBe(true);
  });

  it("has no hedge beside it", () => {
    const t = refused({ hedgeAfterMs: 100 });
    t.world.clock.advance(400);
    expect(t.order.lanes).toHaveLength(2);
    expect(t.x.isOver).toBe(false);
  });

  it("is not asked while a hedge is under way: the refusal is the answer", () => {
    const t = begin({ hasLonger: true, hedgeAfterMs: 100 });
    t.world.clock.advance(160);
    t.order.lanes[0]?.sink.head(400, json);
    t.lane(0).send(refusal);
    t.lane(0).end();
    expect([t.client.status, t.client.text]).toEqual([400, refusal]);
    expect(t.lane(1).isAborted).toBe(true);
    expect(t.order.lanes).toHaveLength(2);
  });

  it("that is cut after content ends in one error event, not in the refusal", () => {
    const t = refused();
    t.lane(1).head();
    t.lane(1).send(delta("a"));
    t.lane(1).fail();
    expect(t.client.text).toContain("LL_STREAM_CUT");
    expect(t.client.text).not.toContain("context_length");
    expect(t.order.exits).toMatchObject([{ reason: "cut" }]);
  });

  it("whose client leaves is ended, and nothing is answered", () => {
    const t = refused();
    t.client.isGone = true;
    t.x.cancel?.("client_left");
    expect(t.lane(1).isAborted).toBe(true);
    expect(t.client.text).toBe("");
    expect(t.order.exits).toMatchObject([{ reason: "client_left" }]);
  });
});
