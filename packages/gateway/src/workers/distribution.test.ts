import { expect, it } from "vitest";
import { isRoundRobin } from "./distribution.ts";

it("the system hands out connections where it can, unless it is written who does", () => {
  const platforms = ["linux", "darwin", "win32", "freebsd"] as const;
  expect(platforms.map((one) => isRoundRobin("auto", one))).toEqual([false, true, true, true]);
  for (const one of platforms) {
    expect(isRoundRobin("round-robin", one)).toBe(true);
    expect(isRoundRobin("system", one)).toBe(false);
  }
});
