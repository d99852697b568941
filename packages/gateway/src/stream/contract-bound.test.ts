import { describe, expect, it } from "vitest";
import { begin, delta, done, usage } from "./contract.fixture.ts";

type Begun = ReturnType<typeof begin>;

describe("the bound on output", () => {
  it("an upstream that sends 1.25 times the bound and 64 tokens more is cut", () => {
    const t = begin({ maxTokens: 8 });
    t.lane(0).head();
    for (let i = 0; i < 74; i++) t.lane(0).send(delta("a"));
    expect(t.x.isOver).toBe(false);
    t.lane(0).send(delta("a"));
    expect(t.order.exits).toMatchObject([{ reason: "cut", code: "LL_STREAM_OVER_BOUND" }]);
  });

  it.each([
    [
      "log probabilities",
      (i: number) => ({ logprobs: { content: [{ bytes: "1".repeat(i * 90) }] } }),
    ],
    ["padding", (i: number) => ({ obfuscation: "x".repeat(i % 16) })],
    ["audio", (i: number) => ({ delta: { audio: { data: "A".repeat(i * 100) } } })],
  ])("%s beside the text are no output of their own", (_name, beside) => {
    const t = begin({ maxTokens: 8 });
    t.lane(0).head();
    for (let i = 0; i < 70; i++) {
      const choice = { index: 0, delta: { content: "word" }, ...beside(i) };
      t.lane(0).send(`data: ${JSON.stringify({ choices: [choice], ...beside(i) })}\n\n`);
    }
    expect(t.order.exits).toEqual([]);
    // What is paid for when the client leaves now.
    t.x.cancel?.("client_left");
    expect(t.x.usage).toMatchObject({ outputTokens: 70, source: "estimated" });
  });

  it("several tokens in one event count by the text, wherever it stands", () => {
    const t = begin({ maxTokens: 8 });
    t.lane(0).head();
    t.lane(0).send(delta("a"));
    t.lane(0).send(delta(`${"many words ".repeat(60)}\n`));
    t.lane(0).send(delta("a"));
    expect(t.order.exits).toMatchObject([{ reason: "cut", code: "LL_STREAM_OVER_BOUND" }]);
  });

  const chunk = (event: string): Buffer =>
    Buffer.from(`${event.length.toString(16)}\r\n${event}\r\n`);

  it.each([
    ["an event", (t: Begun, event: string) => t.lane(0).send(event)],
    [
      "a chunk that is passed on whole",
      (t: Begun, event: string) => {
        const framed = chunk(event);
        const from = framed.indexOf("\n") + 1;
        const { sink } = t.lane(0);
        expect(sink.wholeChunk?.(framed, 0, from, framed.length)).toBe(true);
      },
    ],
  ])("a first event over it is the answer; what comes as %s after it is cut", (_name, send) => {
    const t = begin({ maxTokens: 8 });
    const first = delta("many words ".repeat(60));
    t.lane(0).head();
    t.lane(0).send(delta("") + first);
    expect(t.x.isOver).toBe(false);
    expect(t.client.text).toBe(delta("") + first);
    send(t, delta("more"));
    expect(t.order.exits).toMatchObject([{ reason: "cut", code: "LL_STREAM_OVER_BOUND" }]);
    expect(t.client.text).not.toContain('more"');
    // Neither paid twice nor for nothing.
    expect(t.order.lanes).toHaveLength(1);
    expect(t.x.usage).toMatchObject({ outputTokens: 166, source: "estimated" });
  });

  it("a first event over it that is the whole answer is paid for as its upstream says", () => {
    const t = begin({ maxTokens: 8 });
    t.lane(0).head();
    t.lane(0).send(delta("many words ".repeat(60), "stop") + usage + done);
    expect(t.order.exits).toMatchObject([{ reason: "cut", code: "LL_STREAM_OVER_BOUND" }]);
    expect(t.client.text).toContain("many words");
    expect(t.order.lanes).toHaveLength(1);
    expect(t.x.usage).toEqual({ inputTokens: 4, outputTokens: 9 });
  });

  it("the arguments of a call count, also where they are an object", () => {
    const t = begin({ maxTokens: 8, provider: "gemini" });
    const event = (args: object): string => {
      const content = { parts: [{ functionCall: { name: "f", args } }] };
      return `data: ${JSON.stringify({ candidates: [{ content }] })}\n\n`;
    };
    t.lane(0).head();
    t.lane(0).send(event({}));
    t.lane(0).send(event({ text: "many words ".repeat(60) }));
    expect(t.order.exits).toMatchObject([{ reason: "cut", code: "LL_STREAM_OVER_BOUND" }]);
    // 660 bytes of text, twice `f` and `text`.
    expect(t.x.usage).toMatchObject({ outputTokens: 167, source: "estimated" });
  });
});
