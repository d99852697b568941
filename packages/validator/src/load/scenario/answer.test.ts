import { describe, expect, it } from "vitest";
import { openAnswer } from "../clients/answer.fixture.ts";
import { statusReader } from "../clients/http.ts";
import { createFlight } from "../engine/flight.ts";
import { Answer, keptBytesMax, type Requirement } from "./answer.ts";

/** The answer to a request whose body came in these reads, all in one buffer that is used again. */
function answered(
  reads: readonly string[],
  o: { keep?: boolean; requirement?: Requirement } = {},
): { readonly answer: Answer; readonly outcome: string } {
  const bodies = reads.map((text) => Buffer.from(text));
  const length = bodies.reduce((sum, body) => sum + body.length, 0);
  const answer = new Answer(statusReader(), o.keep ?? true, o.requirement ?? null);
  const open = openAnswer(answer, createFlight(0, 0, 0));
  open.feed(Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n`), 1);
  const shared = Buffer.alloc(Math.max(...bodies.map((body) => body.length)));
  bodies.forEach((body, at) => {
    body.copy(shared);
    open.feed(shared.subarray(0, body.length), at + 2);
  });
  shared.fill("x");
  return { answer, outcome: open.outcome };
}

describe("the answer that checks and scripts see", () => {
  it.each<readonly [what: string, reads: readonly string[]]>([
    ["one read", ['{"a":"whole"}']],
    ["two reads", ['{"a":"wh', 'ole"}']],
    ["a read for each of its bytes", [...'{"a":"whole"}']],
  ])("is whole after %s, though the engine reads the next one into the same memory", (_, reads) => {
    const { answer, outcome } = answered(reads);
    expect(outcome).toBe("ok");
    expect([answer.text(), answer.bodyBytes]).toEqual(['{"a":"whole"}', 13]);
    expect(answer.json()).toEqual({ a: "whole" });
  });

  it("a character split over two reads is one character", () => {
    const bytes = Buffer.from("né");
    const answer = new Answer(statusReader(), true, null);
    const open = openAnswer(answer, createFlight(0, 0, 0));
    open.feed(Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n"), 1);
    for (const byte of bytes) open.feed(Buffer.from([byte]), 2);
    expect(answer.text()).toBe("né");
  });

  it("of a longer body the first MiB is kept, the rest is counted", () => {
    const half = "a".repeat(keptBytesMax / 2);
    const { answer } = answered([half, `${half}bbb`, "ccc"]);
    expect(answer.bodyBytes).toBe(keptBytesMax + 6);
    expect(answer.text()).toBe(half + half);
    expect(answered([`${half}${half}d`]).answer.text()).toHaveLength(keptBytesMax);
  });

  it("a body that nobody keeps is counted alone, and is no JSON", () => {
    const { answer } = answered(['{"a":1}'], { keep: false });
    expect([answer.bodyBytes, answer.text(), answer.json()]).toEqual([7, "", undefined]);
  });

  it("what is required of it is asked of the whole answer, and turns a good one into `check`", () => {
    const requirement = (seen: { text(): string }): boolean => seen.text() === "abcd";
    expect(answered(["ab", "cd"], { requirement }).outcome).toBe("ok");
    expect(answered(["ab", "ce"], { requirement }).outcome).toBe("check");
  });
});
