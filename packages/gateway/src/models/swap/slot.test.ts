import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "@loadline/kit/clock";
import { eventually, keepLog, type KeptLog, removeFolder } from "@loadline/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tinyModelPath } from "../model-file.fixture.ts";
import { askHost } from "./ask-host.ts";
import { type ChosenFiles, openChosen } from "./chosen.ts";
import { ModelSlot } from "./slot.ts";
import { makeSlot } from "./slots.ts";

const clock = systemClock();
let looks = 0;
/** A second goes by with each look at it: beside that, what a busy machine adds slows no model down. */
const steady: Clock = { ...clock, monotonicMs: () => clock.monotonicMs() + 1000 * looks++ };
const waitMs = 30_000;
const hourMs = 3_600_000;
const tiny = { name: "next", path: tinyModelPath };
const tinySum = createHash("sha256").update(readFileSync(tinyModelPath)).digest("hex");
const planOfTiny = {
  modelName: "tiny",
  threads: 1,
  queueMax: 32,
  queueWaitMs: 20_000,
  idleMs: 5000,
};
let runDir = "";
let freeBytes = 0;
let log: KeptLog;
let slot: ModelSlot;
let kept: ChosenFiles[] = [];

beforeEach(async () => {
  runDir = mkdtempSync(join(tmpdir(), "ll-slot-"));
  freeBytes = 1e12;
  log = keepLog(clock);
  slot = slotOver(tinyModelPath);
  await eventually(clock, () => slot.isReady(), waitMs);
});

/** A slot whose target names this file. */
function slotOver(modelPath: string, chosen?: ChosenFiles): ModelSlot {
  const plan = { ...planOfTiny, modelPath };
  const compileCacheDir = join(runDir, "cache");
  const { signal } = new AbortController();
  const { logger } = log;
  const o = { target: "local", plan, isStandby: false, compileCacheDir, socketPathOf: socket };
  return new ModelSlot(o, { clock: steady, logger, signal, chosen, freeBytes: () => freeBytes });
}

afterEach(async () => {
  await slot.close();
  // What is still being written would keep the folder from going.
  await Promise.all(kept.map((chosen) => chosen.written()));
  kept = [];
  removeFolder(runDir);
});

/** What is chosen in the folder of this test. */
async function openKept(registered: Parameters<typeof openChosen>[1]): Promise<ChosenFiles> {
  const chosen = await openChosen(runDir, registered, log.logger);
  kept.push(chosen);
  return chosen;
}

const rolesOf = () => slot.view().files.map(({ name, state, role }) => [name, state, role]);
const socket = (n: number): string => join(runDir, `${n}.sock`);

/** The tiny model with a chat template of the same length. */
function withTemplate(template: string): { name: string; path: string; sha256: string } {
  const bytes = Buffer.from(readFileSync(tinyModelPath));
  const key = "tokenizer.chat_template";
  const at = bytes.indexOf(key) + key.length + 4;
  const length = Number(bytes.readBigUInt64LE(at));
  bytes.write(template.padEnd(length).slice(0, length), at + 8, "latin1");
  const path = join(runDir, "template.gguf");
  writeFileSync(path, bytes);
  return { name: "other", path, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** Processes of model hosts that were told this socket, and run. */
function hostsAt(socketPath: string): string[] {
  const isHost = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(socketPath);
    } catch {
      return false;
    }
  };
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && isHost(pid));
}

function ask(socketPath: string, content: string): Promise<{ status: number }> {
  const body = { model: "tiny", messages: [{ role: "user", content }] };
  const o = { clock, timeoutMs: waitMs, signal: new AbortController().signal };
  return askHost(socketPath, "/v1/chat/completions", body, o);
}

describe("a swap", () => {
  it("switches once all five checks passed and keeps the old one to go back to", async () => {
    expect(rolesOf()).toEqual([["configured", "ready", "serving"]]);
    const before = slot.socketPath;
    const checks = await slot.swap(tiny, hourMs);
    expect(checks.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      "file passed",
      "memory passed",
      "template passed",
      "prompts passed",
      "latency passed",
    ]);
    expect(slot.socketPath).not.toBe(before);
    expect(rolesOf()).toEqual([
      ["next", "ready", "serving"],
      ["configured", "ready", "rollback"],
    ]);
    expect((await ask(slot.socketPath, "What is freeboard?")).status).toBe(200);
    expect((await ask(before, "What is freeboard?")).status).toBe(200);
    expect(slot.rollback()).toEqual({ from: "next", to: "configured" });
    expect([slot.socketPath, slot.isReady()]).toEqual([before, true]);
    await eventually(clock, () => rolesOf()[1]?.[1] === "unloaded", waitMs);
    expect(existsSync(socket(1))).toBe(false);
    expect(() => slot.rollback()).toThrow(
      expect.objectContaining({ code: "LL_MODEL_ROLLBACK_NONE" }),
    );
  });

  it("passes through loading and warming, and a second one meanwhile is refused", async () => {
    const first = slot.swap(tiny, hourMs);
    await expect(slot.swap(tiny, hourMs)).rejects.toMatchObject({ code: "LL_MODEL_SWAP_RUNNING" });
    expect(rolesOf()[1]).toEqual(["next", "loading", "candidate"]);
    await first;
    expect(log.text()).toMatch(/"from":"loading","to":"warming"/);
    expect(log.text()).toMatch(/"from":"warming","to":"ready"/);
  });

  it("the old one is unloaded when its time is over, and a third file ends the first", async () => {
    await slot.swap(tiny, 50);
    await eventually(clock, () => rolesOf()[1]?.[1] === "unloaded", waitMs);
    expect([slot.hasRollback, existsSync(socket(0)), slot.isReady()]).toEqual([false, false, true]);
    await slot.swap({ ...tiny, name: "third" }, hourMs);
    await slot.swap({ ...tiny, name: "fourth" }, hourMs);
    expect(rolesOf().slice(0, 2)).toEqual([
      ["fourth", "ready", "serving"],
      ["third", "ready", "rollback"],
    ]);
    await eventually(clock, () => rolesOf()[2]?.[1] === "unloaded", waitMs);
    expect(rolesOf()[2]?.[0]).toBe("next");
  }, 120_000);

  it("an answer under way at the old one ends before its host does", async () => {
    const before = slot.socketPath;
    const asked = Array.from({ length: 8 }, () => ask(before, "What is a load line?"));
    await slot.swap(tiny, 0);
    const late = Array.from({ length: 8 }, () => ask(before, "What is freeboard?"));
    for (const one of await Promise.all([...asked, ...late])) expect(one.status).toBe(200);
    await eventually(clock, () => !existsSync(before), waitMs);
  });
});

/** A slot of its own over a copy that can be taken away, and what it keeps. */
async function removable(): Promise<{ own: string; chosen: ChosenFiles; take(): Promise<void> }> {
  await slot.close();
  const own = join(runDir, "own.gguf");
  copyFileSync(tinyModelPath, own);
  const chosen = await openKept({ next: { path: tinyModelPath } });
  slot = slotOver(own, chosen);
  await eventually(clock, () => slot.isReady(), waitMs);
  // Its host cannot start again.
  const take = async (): Promise<void> => {
    rmSync(own);
    for (const pid of hostsAt(socket(0))) process.kill(Number(pid), "SIGKILL");
    await eventually(clock, () => hostsAt(socket(0)).length === 0, waitMs);
  };
  return { own, chosen, take };
}

it("nothing goes back to a file whose host is away: what serves stays", async () => {
  const { take } = await removable();
  await slot.swap(tiny, hourMs);
  const serving = slot.socketPath;
  expect(slot.canRollback).toBe(true);
  await take();
  await eventually(clock, () => !slot.canRollback, waitMs);
  expect(() => slot.rollback()).toThrow(
    expect.objectContaining({ code: "LL_MODEL_ROLLBACK_DOWN" }),
  );
  expect([slot.socketPath, slot.hasRollback]).toEqual([serving, true]);
});

it("a swapped model whose file is gone leaves its place to the target's own", async () => {
  const path = join(runDir, "next.gguf");
  copyFileSync(tinyModelPath, path);
  await slot.swap({ name: "next", path, sha256: tinySum }, 0);
  rmSync(path);
  for (const pid of hostsAt(socket(1))) process.kill(Number(pid), "SIGKILL");
  await eventually(clock, () => rolesOf()[0]?.[0] === "configured" && slot.isReady(), waitMs);
  expect(rolesOf()[1]).toEqual(["next", "failed", "past"]);
});

describe("after a restart", () => {
  it("what was swapped to serves, and after a rollback the target's own file", async () => {
    const { own, chosen } = await removable();
    await slot.swap(tiny, hourMs);
    await slot.close();
    slot = slotOver(own, chosen);
    expect(rolesOf()).toEqual([["next", "loading", "serving"]]);
    await eventually(clock, () => slot.isReady(), waitMs);
    await slot.swap({ name: "configured", path: own, sha256: tinySum }, hourMs);
    expect(chosen.of("local", own)).toBeUndefined();
    slot.rollback();
    expect(chosen.of("local", own)).toMatchObject({ name: "next" });
    await slot.close();
    slot = slotOver(own, chosen);
    expect(rolesOf()[0]?.[0]).toBe("next");
  });

  it("one that cannot be loaded any more leaves its place to the target's own", async () => {
    await slot.close();
    const gone = { ...tiny, path: join(runDir, "gone.gguf") };
    const chosen = await openKept({});
    chosen.choose("local", tinyModelPath, gone);
    slot = slotOver(tinyModelPath, chosen);
    expect(rolesOf()[0]?.[0]).toBe("next");
    await eventually(clock, () => slot.isReady(), waitMs);
    expect(rolesOf()).toEqual([
      ["configured", "ready", "serving"],
      ["next", "failed", "past"],
    ]);
    expect(log.text()).toMatch(/"model.not_kept".*"name":"next"/);
  });
});

it("one that closes while a new file is loaded leaves no process, and says so of the swap", async () => {
  const swapped = slot.swap(tiny, hourMs);
  swapped.catch(() => undefined);
  await eventually(clock, () => hostsAt(socket(1)).length === 1, waitMs);
  await slot.close();
  expect([hostsAt(socket(0)), hostsAt(socket(1))]).toEqual([[], []]);
  await expect(swapped).rejects.toMatchObject({
    code: "LL_MODEL_SWAP_CHECKS",
    message: expect.stringContaining("closed meanwhile"),
  });
});

it("a socket's path is short, however long the name of its target is", () => {
  const target = "a".repeat(64);
  const { signal } = new AbortController();
  const plan = { modelPath: tinyModelPath, threads: 1, queueMax: 1, idleMs: 5000 };
  const ask = { id: 12, target, plan, isStandby: true };
  const { socketPath } = makeSlot(ask, { clock, logger: log.logger, signal, runDir: "/run" });
  expect(socketPath).toBe(`/run/${"a".repeat(24)}.12-0.sock`);
});

describe("a swap that is refused keeps the old one and lists all five results", () => {
  async function refused(candidate: Parameters<ModelSlot["swap"]>[0]): Promise<unknown> {
    const before = slot.socketPath;
    const cause: unknown = await slot.swap(candidate, hourMs).then(
      () => "switched",
      (error: unknown) => error,
    );
    expect([slot.socketPath, slot.isReady(), slot.hasRollback]).toEqual([before, true, false]);
    expect((await ask(slot.socketPath, "What is freeboard?")).status).toBe(200);
    expect(rolesOf()[1]).toEqual([candidate.name, "failed", "past"]);
    expect(existsSync(socket(1))).toBe(false);
    return cause;
  }

  it("for a cut file, without loading it", async () => {
    const path = join(runDir, "cut.gguf");
    writeFileSync(path, readFileSync(tinyModelPath).subarray(0, 300_000));
    expect(await refused({ name: "cut", path, sha256: "0".repeat(64) })).toMatchObject({
      code: "LL_MODEL_DAMAGED",
      message: expect.stringMatching(
        /^cut was not taken: file failed \(.*\); memory not_tested \(.*\); template not_tested \(.*\); prompts not_tested \(.*\); latency not_tested \(not loaded\)\.$/,
      ),
    });
    expect(log.text().match(/model host ready/g)).toHaveLength(1);
  });

  it("for too little memory, without loading it", async () => {
    freeBytes = 1;
    expect(await refused(tiny)).toMatchObject({
      code: "LL_MODEL_SWAP_CHECKS",
      message: expect.stringMatching(/file passed .*memory failed .*latency not_tested/),
    });
    expect(log.text().match(/model host ready/g)).toHaveLength(1);
  });

  it("for a template that ignores what it is given", async () => {
    expect(await refused(withTemplate("always the same words"))).toMatchObject({
      code: "LL_MODEL_SWAP_CHECKS",
      message: expect.stringMatching(/memory passed .*template failed .*prompts .*latency /),
    });
  });

  it("for a template that is none", async () => {
    expect(await refused(withTemplate("{% for message in messages %}"))).toMatchObject({
      code: "LL_MODEL_SWAP_CHECKS",
      message: expect.stringMatching(/memory passed .*template (failed|not_tested) /),
    });
  });

  it("for one beside a standby that nobody started: there is nothing to compare with", async () => {
    const o = { target: "standby", isStandby: true, compileCacheDir: join(runDir, "cache") };
    const plan = {
      modelPath: tinyModelPath,
      modelName: "t",
      threads: 1,
      queueMax: 1,
      idleMs: 5000,
    };
    const socketPathOf = (n: number): string => join(runDir, `s${n}.sock`);
    const { signal } = new AbortController();
    const standby = new ModelSlot(
      { ...o, plan, socketPathOf },
      { clock, logger: log.logger, signal, freeBytes: () => 1e12 },
    );
    await expect(standby.swap(tiny, 0)).rejects.toThrow(/latency not_tested \(no model serves/);
    expect(standby.view().files[0]).toMatchObject({ name: "configured", state: "registered" });
    await standby.close();
  });
});
