import { TestClock } from "@loadline/kit/clock";
import { expect, it } from "vitest";
import { keepLog } from "./keep-log.ts";

it("what a logger was told is in its text at once, before any time passed", () => {
  const log = keepLog(new TestClock());
  log.logger.info("one");
  expect(log.text()).toContain('"event":"one"');
  log.logger.error("two", { n: 2 });
  expect(log.text().split("\n").slice(0, -1)).toHaveLength(2);
});

it("what a logger holds, and is told late, is in nobody else's text", () => {
  const clock = new TestClock();
  const [earlier, later] = [keepLog(clock), keepLog(clock)];
  earlier.logger.info("held");
  clock.advance(60_000);
  earlier.logger.error("late");
  expect(later.text()).toBe("");
  expect(earlier.text()).toMatch(/"held".*\n.*"late"/);
});
