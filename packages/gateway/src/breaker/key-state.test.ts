import { describe, expect, it } from "vitest";
import { KeyState } from "./key-state.ts";

const outMs = 300_000;

/** Where a key stands at a time: its state, and ms until a call may take it. */
const at = (key: KeyState, nowMs: number): [string, number] => [
  key.stateAt(nowMs),
  key.waitMs(nowMs),
];

function refused(nowMs = 0): KeyState {
  const key = new KeyState(undefined);
  expect(key.end("out", undefined, nowMs)).toBe(true);
  return key;
}

describe("a key at its limit", () => {
  it("rests until its Retry-After and not a moment longer", () => {
    const key = new KeyState(undefined);
    expect(at(key, 0)).toEqual(["closed", 0]);
    expect(key.end("cool", 10_000, 500)).toBe(false);
    expect(at(key, 500)).toEqual(["open", 10_000]);
    expect(at(key, 10_499)).toEqual(["open", 1]);
    expect(at(key, 10_500)).toEqual(["closed", 0]);
  });

  it("without a Retry-After rests a second, with one of days an hour", () => {
    const key = new KeyState(undefined);
    key.end("cool", undefined, 0);
    expect(key.waitMs(0)).toBe(1000);
    key.end("cool", 1e9, 0);
    expect(key.waitMs(0)).toBe(3_600_000);
  });

  it("a good call that began before does not end the rest", () => {
    const key = new KeyState(undefined);
    key.end("cool", 5000, 0);
    expect(key.end("good", undefined, 100)).toBe(false);
    expect(at(key, 100)).toEqual(["open", 4900]);
  });
});

describe("a refused key", () => {
  it("is told of once and is out for five minutes from the last refusal", () => {
    const key = refused();
    expect(key.end("out", undefined, 1000)).toBe(false);
    expect(at(key, 1000)).toEqual(["open", outMs]);
    expect(at(key, outMs + 999)).toEqual(["open", 1]);
    expect(at(key, outMs + 1000)).toEqual(["half_open", 0]);
  });

  it("is tried by one call at a time, the next when that one ended or 30 s passed", () => {
    const key = refused();
    key.take(outMs);
    expect(at(key, outMs)).toEqual(["half_open", 30_000]);
    expect(key.waitMs(outMs + 30_000)).toBe(0);
    key.take(outMs + 30_000);
    expect(key.waitMs(outMs + 30_001)).toBe(29_999);
    key.end("none", undefined, outMs + 30_002);
    expect(at(key, outMs + 30_002)).toEqual(["half_open", 0]);
  });

  it("is back with the first good call of its trial, which a good call from before it is not", () => {
    const key = refused();
    expect(key.end("good", undefined, outMs - 1)).toBe(false);
    expect(key.stateAt(outMs - 1)).toBe("open");
    key.take(outMs);
    key.end("good", undefined, outMs);
    expect(at(key, outMs)).toEqual(["closed", 0]);
    key.take(outMs);
    expect(key.waitMs(outMs)).toBe(0);
  });

  it("refused again by its trial is out anew, and nobody is told twice", () => {
    const key = refused();
    key.take(outMs);
    expect(key.end("out", undefined, outMs + 10)).toBe(false);
    expect(at(key, outMs + 10)).toEqual(["open", outMs]);
  });

  it("that also rests waits for the later of the two", () => {
    const key = refused();
    key.end("cool", 3_600_000, 0);
    expect(key.waitMs(0)).toBe(3_600_000);
    expect(key.stateAt(outMs)).toBe("open");
  });
});

describe("a key that an operator holds", () => {
  it("out takes no call, whatever it showed", () => {
    const key = new KeyState(undefined);
    key.force("open");
    key.end("good", undefined, 0);
    expect(at(key, 0)).toEqual(["open", outMs]);
    expect(key.forced).toBe("open");
  });

  it("good is taken and shown as good, whatever calls with it showed since", () => {
    const key = refused();
    key.force("closed");
    expect(at(key, 0)).toEqual(["closed", 0]);
    key.end("cool", 10_000, 0);
    key.end("out", undefined, 0);
    expect(at(key, 0)).toEqual(["closed", 0]);
  });

  it("and lets go starts anew as good", () => {
    for (const state of ["open", "closed", undefined] as const) {
      const key = refused();
      key.end("cool", 10_000, 0);
      key.take(0);
      key.force(state);
      key.force(undefined);
      expect([...at(key, 0), key.forced]).toEqual(["closed", 0, undefined]);
    }
  });
});
