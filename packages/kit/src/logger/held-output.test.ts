import { describe, expect, it } from "vitest";
import { TestClock } from "../clock/index.ts";
import { createHeldOutput } from "./held-output.ts";

function setup(bytesMax = 100) {
  const clock = new TestClock();
  const out: string[] = [];
  const seen = { waiting: 0, dropped: 0 };
  const held = createHeldOutput({
    clock,
    bytesMax,
    output: { write: (text) => void out.push(text), waitingBytes: () => seen.waiting },
    onDropped: (lines) => void (seen.dropped += lines),
  });
  return { clock, out, seen, held };
}

describe("output to a reader that may rest", () => {
  it("passes on at once what is read", () => {
    const { out, seen, held } = setup();
    held.write("a\n");
    held.write("b\n");
    expect([out, held.heldBytes, seen.dropped]).toEqual([["a\n", "b\n"], 0, 0]);
  });

  it("holds what comes while nobody reads, and passes it on in its order afterwards", () => {
    const { clock, out, seen, held } = setup();
    seen.waiting = 1;
    for (const text of ["a\n", "b\n", "c\n"]) held.write(text);
    clock.advance(1000);
    expect([out, held.heldBytes]).toEqual([[], 6]);
    seen.waiting = 0;
    clock.advance(50);
    held.write("d\n");
    expect([out.join(""), held.heldBytes, seen.dropped]).toEqual(["a\nb\nc\nd\n", 0, 0]);
  });

  it("whoever reads again gets what was held with the next text, however often one comes", () => {
    const { out, seen, held } = setup();
    seen.waiting = 1;
    held.write("a\n");
    seen.waiting = 0;
    held.write("b\n");
    expect([out, held.heldBytes]).toEqual([["a\n", "b\n"], 0]);
  });

  it("never holds more than its bound: the oldest lines go, and are counted", () => {
    const { clock, out, seen, held } = setup(10);
    seen.waiting = 1;
    for (const text of ["one\n", "two\nii\n", "ä\n", "four\n"]) held.write(text);
    expect([held.heldBytes, seen.dropped]).toEqual([8, 3]);
    seen.waiting = 0;
    clock.advance(50);
    expect(out.join("")).toBe("ä\nfour\n");
  });

  it("gives up a text that is larger than the bound by itself", () => {
    const { seen, held } = setup(10);
    seen.waiting = 1;
    held.write(`${"x".repeat(20)}\n`);
    expect([held.heldBytes, seen.dropped]).toEqual([0, 1]);
  });

  it("hands on the rest when it is closed, whoever reads", () => {
    const { clock, out, seen, held } = setup();
    seen.waiting = 1;
    held.write("a\n");
    held.close();
    clock.advance(1000);
    expect([out, held.heldBytes]).toEqual([["a\n"], 0]);
  });
});
