import { TestClock } from "@loadline/kit/clock";
import { expect, it } from "vitest";
import { defaultRssMax, watchMemory } from "./memory-cap.ts";

const mebibyte = 1024 * 1024;

it("a process over its cap is told of within a tenth of a second, once", () => {
  const clock = new TestClock();
  let rss = 10 * mebibyte;
  const mostBytes = 10 * mebibyte;
  const told: string[] = [];
  const onOver = (text: string): void => void told.push(text);
  watchMemory({ clock, rssBytesMax: () => mostBytes, rssBytes: () => rss, onOver });
  clock.advance(5000);
  expect(told).toEqual([]);
  rss++;
  clock.advance(100);
  expect(told).toEqual(["10 MiB are resident, 10 are allowed"]);
  rss = 99 * mebibyte;
  clock.advance(5000);
  expect(told).toHaveLength(1);
});

it("by default a host has room for its process and three times its file and its contexts", () => {
  expect(defaultRssMax(0, 0)).toBe(1024 * mebibyte);
  expect(defaultRssMax(100, 10) - defaultRssMax(0, 0)).toBe(330);
});
