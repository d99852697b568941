import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createStopText } from "./stop-text.ts";

function send(pieces: readonly string[], stops: readonly string[]): string {
  const stop = createStopText(stops);
  let out = "";
  for (const piece of pieces) out += stop.push(piece);
  return out + stop.rest();
}

describe("stop text", () => {
  it("without stop sequences every piece passes at once", () => {
    const stop = createStopText([]);
    expect(stop.push("ab")).toBe("ab");
    expect(stop.rest()).toBe("");
  });

  it("a stop sequence spread over pieces is never sent, not even its beginning", () => {
    const stop = createStopText(["END"]);
    expect(stop.push("one E")).toBe("one ");
    expect(stop.push("N")).toBe("");
    expect(stop.push("D two")).toBe("");
    expect(stop.isStopped).toBe(true);
    expect(stop.push("three")).toBe("");
    expect(stop.rest()).toBe("");
  });

  it("a beginning that turns out otherwise is sent whole", () => {
    expect(send(["one E", "N", "G"], ["END"])).toBe("one ENG");
  });

  it("text held at the end is sent when nothing follows", () => {
    expect(send(["one EN"], ["END"])).toBe("one EN");
  });

  it("the earliest of several sequences wins", () => {
    expect(send(["a, b. c"], [".", ","])).toBe("a");
  });

  it("for any cut into pieces the text before the first stop sequence comes out", () => {
    const letters = fc.constantFrom("a", "b");
    const text = fc.array(letters, { maxLength: 20 });
    const stops = fc.array(
      fc.array(letters, { minLength: 1, maxLength: 3 }).map((l) => l.join("")),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), stops, (lists, sequences) => {
        const pieces = lists.map((list) => list.join(""));
        const whole = pieces.join("");
        const out = send(pieces, sequences);
        expect(whole.startsWith(out)).toBe(true);
        for (const stop of sequences) expect(out.includes(stop)).toBe(false);
        if (!sequences.some((stop) => whole.includes(stop))) expect(out).toBe(whole);
      }),
    );
  });
});
