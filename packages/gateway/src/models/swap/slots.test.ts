import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { removeFolder } from "@loadline/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { tinyModelPath } from "../model-file.fixture.ts";
import { openSlots, type Slots } from "./slots.ts";

const clock = systemClock();
const plan = { modelPath: tinyModelPath, threads: 1, queueMax: 1, idleMs: 5000 };
let runDir = "";
let slots: Slots;

beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), "ll-slots-"));
  const logger = createLogger({ clock, write: () => undefined });
  slots = openSlots({ clock, logger, runDir, signal: new AbortController().signal });
});

afterEach(() => removeFolder(runDir));

it("a target that is opened again as it was keeps its host, until the last one closes it", async () => {
  const first = slots.open("local", plan, true);
  const again = slots.open("local", plan, true);
  expect(again.socketPath).toBe(first.socketPath);
  await first.close();
  await first.close();
  expect(slots.all()).toHaveLength(1);
  await again.close();
  expect(slots.all()).toEqual([]);
});

it("another target, or another plan, is another host, and the one asked for last is the newest", async () => {
  const one = slots.open("local", plan, true);
  const others = [
    slots.open("other", plan, true),
    slots.open("local", { ...plan, threads: 2 }, true),
  ];
  expect(new Set([one, ...others].map(({ socketPath }) => socketPath)).size).toBe(3);
  const again = slots.open("local", plan, true);
  expect(slots.all().at(-1)?.socketPath).toBe(one.socketPath);
  for (const each of [one, again, ...others]) await each.close();
});

it("a standby is started by whoever opens it as no standby", async () => {
  const first = slots.open("local", plan, true);
  const second = slots.open("local", plan, false);
  expect(first.isStandby).toBe(false);
  for (const each of [first, second]) await each.close();
});
