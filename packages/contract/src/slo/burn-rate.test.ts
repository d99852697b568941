import { describe, expect, test } from "vitest";
import {
  burnAlerts,
  burnFactor,
  burnPairs,
  burnThreshold,
  detectionMs,
  firstAlertMs,
} from "./burn-rate.ts";
import { dayMs, hourMs, minuteMs } from "./model.ts";

const month = 30 * dayMs;
const minutes = (ms: number | null): number | null =>
  ms === null ? null : Number((ms / minuteMs).toFixed(2));

/** The table of the design: factor for 30 d and 28 d, thresholds, minutes at 99.5 %. */
const table = [
  ["page fast", 14.4, 13.44, [0.0144, 0.072, 0.144, 0.72], [4.32, 8.64, 43.2, null, null, null]],
  ["page slow", 6, 5.6, [0.006, 0.03, 0.06, 0.3], [10.8, 21.6, 108, 216, null, null]],
  ["ticket fast", 3, 2.8, [0.003, 0.015, 0.03, 0.15], [21.6, 43.2, 216, 432, 1080, null]],
  ["ticket slow", 1, 0.933, [0.001, 0.005, 0.01, 0.05], [21.6, 43.2, 216, 432, 1080, 2160]],
] as const;
const objectives = [0.999, 0.995, 0.99, 0.95];
const errors = [1, 0.5, 0.1, 0.05, 0.02, 0.01];

describe("burn rates", () => {
  test.each(table)(
    "%s has the factor, thresholds and detection times of the design",
    (id, f30, f28, thresholds, times) => {
      const pair = burnPairs.find((one) => one.id === id);
      if (pair === undefined) throw new Error(id);
      expect(burnFactor(pair, month)).toBe(f30);
      expect(burnFactor(pair, 28 * dayMs)).toBeCloseTo(f28, 3);
      expect(objectives.map((one) => burnThreshold(f30, one))).toEqual(thresholds);
      const alert = burnAlerts({ objective: 0.995, windowMs: month }, "burn").find(
        (one) => one.id === id,
      );
      if (alert === undefined) throw new Error(id);
      expect(errors.map((e) => minutes(detectionMs(alert, e)))).toEqual(times);
    },
  );

  test.each([
    [0.999, 0.86],
    [0.995, 4.32],
    [0.99, 8.64],
    [0.98, 17.28],
    [0.95, 43.2],
    [0.93, 151.2],
    [0.9, 216],
    [0.8, null],
  ])("a total outage of %s is paged after %s minutes", (objective, expected) => {
    const alerts = burnAlerts({ objective, windowMs: month }, "burn");
    expect(minutes(firstAlertMs(alerts, "page", { errorShare: 1 }))).toBe(expected);
  });

  test("with six hours of history 2 % are a ticket after 120 minutes and 1 % after 360", () => {
    const alerts = burnAlerts({ objective: 0.995, windowMs: month }, "burn");
    const after = (errorShare: number): number | null =>
      minutes(firstAlertMs(alerts, "ticket", { errorShare, historyMs: 6 * hourMs }));
    expect([after(0.02), after(0.01), after(0.005)]).toEqual([120, 360, null]);
  });

  test("an impossible factor is left out, or lowered to nine tenths of an outage", () => {
    const loose = { objective: 0.8, windowMs: month };
    expect(burnAlerts(loose, "burn").map((one) => one.id)).toEqual(["ticket fast", "ticket slow"]);
    const adapted = burnAlerts(loose, "adapt");
    expect(adapted.map(({ factor, threshold }) => [factor, threshold])).toEqual([
      [4.5, 0.9],
      [4.5, 0.9],
      [3, 0.6],
      [1, 0.2],
    ]);
    expect(burnAlerts(loose, "ticket-only")).toHaveLength(2);
    expect(burnAlerts({ objective: 0.999, windowMs: month }, "ticket-only")).toHaveLength(2);
    expect(burnAlerts(loose, "static")).toEqual([]);
  });
});
