import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import { seededRandom } from "@loadline/kit/random";
import { eventually, removeFolder } from "@loadline/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDir } from "../../test/harness.ts";
import { usualDoors } from "../egress/doors.fixture.ts";
import { Partials } from "./partials.ts";
import { openObjects } from "./wire.ts";

let root: string;
beforeEach(() => void (root = temporaryDir()));
afterEach(() => removeFolder(root));

/** What the log says of the first sweep of the folder at `root`. */
async function sweptAt(): Promise<unknown> {
  const stop = new AbortController();
  const lines: string[] = [];
  const logger = createLogger({ clock: systemClock(), write: (text) => void lines.push(text) });
  const stores = { objects: `file:${root}`, objectsTimeout: 1000 };
  openObjects(stores, {
    clock: new TestClock(Date.now()),
    random: seededRandom(1),
    logger,
    metrics: createMetrics(),
    egress: usualDoors(),
    dependencies: { add: () => undefined },
    stateDir: root,
    bytesMax: 1000,
    signal: stop.signal,
  });
  const isTold = (): boolean => {
    logger.flush();
    return lines.length > 0;
  };
  await eventually(systemClock(), isTold, 10_000);
  stop.abort();
  const { time: _, ...told } = JSON.parse(lines[0] ?? "") as Record<string, unknown>;
  return told;
}

/** What a process left that is gone. */
async function leave(make: (path: string) => void): Promise<void> {
  const held = await new Partials(root, seededRandom(7)).hold((path) => Promise.resolve(path));
  mkdirSync(join(root, ".partial"));
  make(held);
}

describe("a sweep of half written objects in the log", () => {
  const event = "object store swept";

  it("that went well has no detail", async () => {
    await leave((path) => writeFileSync(path, "half"));
    expect(await sweptAt()).toEqual({ level: "info", event, removed: 1, failed: 0 });
  });

  it("that could not remove one names the system's word for it", async () => {
    await leave(mkdirSync);
    const detail = "ERR_FS_EISDIR";
    expect(await sweptAt()).toEqual({ level: "warn", event, removed: 0, failed: 1, detail });
  });

  it("that could not begin names the system's word for it", async () => {
    writeFileSync(join(root, ".partial"), "");
    const detail = "ENOTDIR";
    expect(await sweptAt()).toEqual({ level: "warn", event, removed: 0, failed: 0, detail });
  });
});
