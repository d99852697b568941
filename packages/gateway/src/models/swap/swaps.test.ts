import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import { eventually, removeFolder } from "@loadline/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { tinyModelPath } from "../model-file.fixture.ts";
import { type ChosenFiles, openChosen } from "./chosen.ts";
import type { ModelsConfig } from "./config.ts";
import { openSlots, type Slots } from "./slots.ts";
import { createSwaps, type ModelSwaps } from "./swaps.ts";

const clock = systemClock();
const logger = createLogger({ clock, write: () => undefined });
const plan = {
  modelPath: tinyModelPath,
  modelName: "tiny",
  threads: 1,
  queueMax: 32,
  queueWaitMs: 20_000,
  idleMs: 5000,
};
const readyMs = 30_000;
let dir = "";
let slots: Slots;
let chosen: ChosenFiles;
let models: ModelsConfig;
let swaps: ModelSwaps;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ll-swaps-"));
  models = { rollbackFor: 0, registered: { next: { path: tinyModelPath } } };
  chosen = await openChosen(dir, models.registered, logger);
  slots = openSlots({ clock, logger, runDir: dir, chosen, signal: new AbortController().signal });
  const audit = { record: () => undefined, isAccepting: () => true };
  const more = { slots: () => slots.all(), models: () => models, chosen };
  swaps = createSwaps({ logger, metrics: createMetrics(), audit, ...more });
});

afterEach(async () => {
  for (const slot of slots.all()) await slot.close();
  await chosen.written();
  removeFolder(dir);
});

it.each([
  ["opened the target anew", () => void slots.open("local", { ...plan, threads: 2 }, true)],
  [
    "registered another file under the name",
    () => void (models = { ...models, registered: { next: { path: "/other.gguf" } } }),
  ],
  ["registered the name no more", () => void (models = { ...models, registered: {} })],
])(
  "a swap during which a reload %s switches nothing, keeps nothing and says so",
  async (_why, reload) => {
    const first = slots.open("local", plan, false);
    await eventually(clock, () => first.isReady(), readyMs);
    const before = first.socketPath;
    const swap = swaps.swap("local", "next");
    reload();
    await expect(swap).rejects.toMatchObject({ code: "LL_MODEL_SWAP_OVERTAKEN" });
    expect([first.socketPath, first.isReady()]).toEqual([before, true]);
    expect(chosen.of("local", tinyModelPath)).toBeUndefined();
  },
  120_000,
);
