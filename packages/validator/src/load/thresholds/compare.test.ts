import { expect, it } from "vitest";
import { compare } from "./compare.ts";
import { operators } from "./threshold.ts";

/** operator -> kept by a value below, at and above its limit, and by none at all. */
const kept: Record<(typeof operators)[number], readonly [boolean, boolean, boolean, boolean]> = {
  "<": [true, false, false, false],
  "<=": [true, true, false, false],
  ">": [false, false, true, false],
  ">=": [false, true, true, false],
  "==": [false, true, false, false],
  "===": [false, true, false, false],
  "!=": [true, false, true, true],
};

it.each(operators)("a limit is kept as k6 keeps it: %s", (operator) => {
  const seen = [1, 2, 3, Number.NaN].map((value) => compare(value, operator, 2));
  expect(seen).toEqual(kept[operator]);
});
