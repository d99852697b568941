import { createMetrics } from "@loadline/kit/metrics";
import { describe, expect, it } from "vitest";
import { base, begin, delta, done, usage, whole } from "./contract.fixture.ts";
import { orderSettings } from "./orders.fixture.ts";
import { abortWindow } from "./metrics.ts";

describe("timers on the 50 ms watch", () => {
  it("a target without a head in time gives way to the next, and is aborted", () => {
    const t = begin();
    t.world.clock.advance(450);
    expect(t.order.lanes).toHaveLength(1);
    t.world.clock.advance(150);
    expect(t.order.lanes).toHaveLength(2);
    expect(t.lane(0).isAborted).toBe(true);
    expect(t.x.attempts).toMatchObject([{ target: "a", failure: "timeout" }]);
  });

  it("a head without content in time gives way to the next", () => {
    const t = begin();
    t.lane(0).head();
    t.lane(0).send(delta(""));
    t.world.clock.advance(950);
    expect(t.order.lanes).toHaveLength(2);
    expect(t.client.text).toBe("");
  });

  it("a gap after content ends the stream with one stall, 50 ms early or late at most", () => {
    const t = begin();
    t.lane(0).head();
    t.lane(0).send(delta("one"));
    t.world.clock.advance(250);
    t.lane(0).send(delta("two"));
    t.world.clock.advance(240);
    expect(t.x.isOver).toBe(false);
    t.world.clock.advance(110);
    expect(t.client.text).toContain("LL_STREAM_STALL");
    expect(t.lane(0).isAborted).toBe(true);
    expect(t.order.exits).toMatchObject([{ reason: "cut", code: "LL_STREAM_STALL" }]);
  });

  it("a finish whose marker never comes is cut after the finish time", () => {
    const t = begin();
    t.lane(0).head();
    t.lane(0).send(delta("one", "stop"));
    t.world.clock.advance(290);
    expect(t.client.text).toContain("LL_STREAM_CUT");
    expect(t.client.text).not.toContain("[DONE]");
  });

  it("the total ends whatever goes on: 504 before the head, an error event after it", () => {
    const t = begin({ settings: { ...base.settings, keepAliveMs: 1e9 } });
    const silent = begin();
    for (let i = 0; i < 31; i++) {
      if (i === 0) t.lane(0).head();
      if (!t.x.isOver) t.lane(0).send(delta("on"));
      t.world.clock.advance(100);
    }
    expect(t.order.exits).toMatchObject([{ reason: "cut", code: "LL_UPSTREAM_TIMEOUT" }]);
    expect(t.order.ended).toEqual(["a left"]);
    silent.world.clock.advance(3200);
    expect(silent.order.exits).toHaveLength(1);
  });

  it("a stream under the minimum rate for 30 s is cut as too slow", () => {
    const settings = { ...base.settings, minBytesPerS: 100, keepAliveMs: 1e9 };
    const t = begin({ settings, timeouts: { idle: 60_000, total: 600_000 } });
    t.lane(0).head();
    t.lane(0).send(delta("a"));
    for (let i = 0; i < 16 && !t.x.isOver; i++) {
      t.lane(0).send(delta("a"));
      t.world.clock.advance(2000);
    }
    expect(t.order.exits).toMatchObject([{ reason: "cut", code: "LL_STREAM_TOO_SLOW" }]);
  });

  it("a stream at its minimum rate goes on, window after window", () => {
    const settings = { ...base.settings, minBytesPerS: 100, keepAliveMs: 1e9 };
    const t = begin({ settings, timeouts: { idle: 60_000, total: 600_000 } });
    t.lane(0).head();
    t.lane(0).send(delta("a"));
    for (let i = 0; i < 50; i++) {
      t.world.clock.advance(2000);
      t.lane(0).send(delta("a".repeat(250)));
    }
    expect(t.x.isOver).toBe(false);
    t.world.clock.advance(60_000);
    expect(t.order.exits).toMatchObject([{ reason: "cut", code: "LL_STREAM_TOO_SLOW" }]);
  });
});

describe("keep-alive comments", () => {
  it("silence sends the head and comments, and an end without content is an error event", () => {
    const t = begin({ settings: orderSettings });
    t.world.clock.advance(350);
    expect(t.client.text).toBe(": keep-alive\n\n");
    expect(t.client.status).toBe(200);
    for (let i = 0; i < 3; i++) t.lane(i).fail();
    expect(t.client.text).toMatch(/^(: keep-alive\n\n)+data: \{"error"/);
    expect(t.order.exits).toMatchObject([{ reason: "cut", code: "LL_UPSTREAM_FAILED" }]);
  });

  it("switched off before content, silence keeps the real status", () => {
    const t = begin();
    t.world.clock.advance(350);
    expect(t.client.text).toBe("");
    for (let i = 0; i < 3; i++) t.lane(i).fail();
    expect(t.order.exits).toMatchObject([{ status: 500 }]);
  });

  it("an upstream's comments are dropped, reset its idle timer, and ours replace them", () => {
    const t = begin({ settings: { ...base.settings, keepAliveMs: 500 } });
    t.lane(0).head();
    t.lane(0).send(delta("one"));
    for (let i = 0; i < 4; i++) {
      t.world.clock.advance(200);
      t.lane(0).send(": theirs\n\n");
    }
    expect(t.x.isOver).toBe(false);
    expect(t.client.text).not.toContain("theirs");
    expect(t.client.text).toContain(": keep-alive\n\n");
  });
});

describe("what is settled", () => {
  it("a reported usage is the provider's", () => {
    const t = begin();
    t.lane(0).head();
    t.lane(0).send(delta("a", "stop") + usage + done);
    expect(t.x.usage).toEqual({ inputTokens: 4, outputTokens: 9 });
  });

  it("a cut stream is its prompt and the chunks received, estimated", () => {
    const t = begin();
    t.lane(0).head();
    for (let i = 0; i < 10; i++) t.lane(0).send(delta(`${i} `));
    t.lane(0).fail();
    expect(t.x.usage).toMatchObject({ outputTokens: 10, source: "estimated" });
    expect(t.x.usage?.inputTokens).toBeGreaterThanOrEqual(0);
  });

  it("chunks of several tokens are estimated by their length", () => {
    const t = begin();
    t.lane(0).head();
    t.lane(0).send(delta("a") + delta("x".repeat(401)));
    t.lane(0).fail();
    expect(t.x.usage?.outputTokens).toBeGreaterThan(100);
  });

  it("a whole answer that broke off is unknown, and its successor's usage counts alone", () => {
    const t = begin({ isStream: false });
    t.lane(0).head();
    t.lane(0).send('{"choices":[');
    t.lane(0).fail();
    t.lane(1).head();
    t.lane(1).send(whole.replace("}]}", '}],"usage":{"prompt_tokens":1,"completion_tokens":2}}'));
    t.lane(1).end();
    expect(t.x.attempts.map((one) => one.usage?.source ?? "provider")).toEqual([
      "unknown",
      "provider",
    ]);
    expect(t.x.usage).toMatchObject({ inputTokens: 1, outputTokens: 2 });
  });

  it("attempts that failed before content used nothing", () => {
    const t = begin();
    t.lane(0).head(500);
    t.lane(0).end();
    t.lane(1).head();
    t.lane(1).send(delta("") + 'data: {"error":{"message":"x"}}\n\n');
    t.lane(2).fail();
    expect(t.x.usage).toEqual({ inputTokens: 0, outputTokens: 0, source: "none" });
  });

  it("a client that leaves is settled by what it was sent, never as nothing known", () => {
    const t = begin();
    t.lane(0).head();
    for (let i = 0; i < 3; i++) t.lane(0).send(delta(`${i} `));
    t.x.cancel?.("client_left");
    expect(t.x.usage).toMatchObject({ outputTokens: 3, source: "estimated" });
    expect(t.order.ended).toEqual(["a left"]);
  });
});

describe("ends from this side", () => {
  it.each(["client_left", "drained", "revoked"] as const)("%s aborts the upstream", (why) => {
    const t = begin();
    t.lane(0).head();
    t.lane(0).send(delta("a"));
    t.x.cancel?.(why);
    expect(t.lane(0).isAborted).toBe(true);
    const codes = {
      client_left: undefined,
      drained: "LL_SERVER_DRAINING",
      revoked: "LL_AUTH_REVOKED",
    };
    expect(t.order.exits[0]?.code).toBe(codes[why]);
  });

  it.each([
    ["first_byte", "attempt", 1],
    ["mid_stream", "hold", 1],
    ["mid_stream", "open", 2],
    ["last_delta", "finish", 1],
    ["failover", "attempt", 2],
  ] as const)(
    "a client leaving in %s is counted there (%s, attempt %i)",
    (window, state, started) => {
      expect(abortWindow({ state }, started)).toBe(window);
      expect(abortWindow(undefined, started)).toBe("failover");
    },
  );

  it("a client that takes nothing for its time is disconnected, the upstream aborted", () => {
    const t = begin({
      settings: { ...base.settings, keepAliveMs: 1e9 },
      timeouts: { idle: 60_000 },
    });
    t.client.isBlocked = true;
    t.lane(0).head();
    t.lane(0).send(delta("a"));
    t.world.clock.advance(1100);
    expect(t.client.isDestroyed).toBe(true);
    expect(t.order.exits).toMatchObject([{ reason: "client_stalled" }]);
    expect(t.order.ended).toEqual(["a left"]);
  });

  it("a client that is gone before the call costs no upstream request", () => {
    const t = begin({ isGone: true });
    expect(t.order.lanes).toHaveLength(0);
    expect(t.order.exits).toMatchObject([{ reason: "client_left" }]);
  });
});

describe("resume", () => {
  it("a cut text stream goes on at the next target with what was sent, said and counted", () => {
    const t = begin({ resumeMax: 1 });
    t.lane(0).head();
    t.lane(0).send(delta("") + delta("Hel") + delta("lo "));
    t.lane(0).fail();
    expect(t.order.bodies[1]).toContain('{"role":"assistant","content":"Hello "}');
    t.lane(1).head();
    t.lane(1).send(delta("") + delta("you") + delta("", "stop") + done);
    expect(t.client.headers.join()).toContain("x-loadline-resume,armed");
    expect(t.client.text).toBe(
      `${delta("")}${delta("Hel")}${delta("lo ")}: resumed target=b after=6\n\n` +
        `${delta("you")}${delta("", "stop")}${done}`,
    );
    expect(t.order.resumes).toEqual([{ from: "a", to: "b", afterChars: 6 }]);
    expect(t.x.attempts.map((one) => one.usage?.outputTokens)).toEqual([2, 1]);
  });

  it("a second fault is the end, with the code of the first", () => {
    const t = begin({ resumeMax: 1 });
    t.lane(0).head();
    t.lane(0).send(delta("a"));
    t.world.clock.advance(400);
    t.lane(1).fail();
    expect(t.order.exits).toMatchObject([{ reason: "cut", code: "LL_STREAM_STALL" }]);
    expect(t.order.lanes).toHaveLength(2);
  });

  it("a target that cannot be asked to go on is passed over", () => {
    const t = begin({ resumeMax: 1, foreign: "b" });
    t.lane(0).head();
    t.lane(0).send(delta("a"));
    t.lane(0).fail();
    t.lane(1).head();
    t.lane(1).send(delta("b") + delta("", "stop") + done);
    expect(t.order.ended).toEqual(["a reset", "b unasked", "c ok"]);
    expect(t.client.text).toContain(": resumed target=c after=1\n\n");
    expect(t.order.exits).toMatchObject([{ reason: "ok" }]);
  });

  it("nobody who can be asked to go on is the end, with the code of the fault", () => {
    const t = begin({ resumeMax: 1, foreign: "bc" });
    t.lane(0).head();
    t.lane(0).send(delta("a"));
    t.world.clock.advance(400);
    expect(t.order.ended).toEqual(["a stall", "b unasked", "c unasked"]);
    expect(t.order.exits).toMatchObject([{ reason: "cut", code: "LL_STREAM_STALL" }]);
  });

  it("a tool call is never continued", () => {
    const t = begin({ resumeMax: 1 });
    const tool = { index: 0, delta: { tool_calls: [{ function: { name: "f" } }] } };
    t.lane(0).head();
    t.lane(0).send(`data: ${JSON.stringify({ choices: [tool] })}\n\n`);
    t.lane(0).fail();
    expect(t.order.exits).toMatchObject([{ reason: "cut" }]);
  });
});

describe("metrics", () => {
  it("are there before the first stream", async () => {
    const { createStreamMetrics } = await import("./metrics.ts");
    const metrics = createMetrics();
    createStreamMetrics(metrics);
    const text = metrics.render();
    expect(text).toContain("loadline_streams_open 0\n");
    expect(text).toContain('loadline_abort_seconds_count{window="failover"} 0\n');
    expect(text).toContain("loadline_stream_resumes_total 0\n");
  });
});
