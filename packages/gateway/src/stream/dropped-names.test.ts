import { describe, expect, it } from "vitest";
import { droppedNames } from "./dropped-names.ts";

describe("the names of what was dropped", () => {
  it("stand as they are, parted by commas", () => {
    const names = ["seed", "messages[0].tool_calls[1]", "response_format"];
    expect(droppedNames(names)).toBe("seed,messages[0].tool_calls[1],response_format");
    expect(droppedNames([])).toBe("");
  });

  it.each([
    ["a\r\nx: 1", "a%0D%0Ax%3A%201"],
    ["\0", "%00"],
    ["\u6f22", "%E6%BC%A2"],
    ["\u{1f600}", "%F0%9F%98%80"],
    ["\ud800", "%EF%BF%BD"],
    ["a,b", "a%2Cb"],
    ["", '""'],
    ["50%", "50%25"],
  ])("hold nothing that a header does not: %j", (name, told) => {
    expect(droppedNames([name, "b"])).toBe(`${told},b`);
  });

  it("are cut when they are long, between two characters", () => {
    expect(droppedNames(["x".repeat(64)])).toBe("x".repeat(64));
    expect(droppedNames(["x".repeat(65), "y"])).toBe(`${"x".repeat(64)}...,y`);
    expect(droppedNames([`${"x".repeat(63)}\u{1f600}`])).toBe(`${"x".repeat(63)}%EF%BF%BD...`);
  });

  it("end in dots when there are too many", () => {
    const names = Array.from({ length: 64 }, (_, i) => String(i).padEnd(64, "x"));
    const told = droppedNames(names);
    expect(told.length).toBeLessThanOrEqual(2060);
    expect(told.startsWith(names.slice(0, 30).join(","))).toBe(true);
    expect(told.endsWith("x,...")).toBe(true);
  });
});
