import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { keepLog, type KeptLog } from "@loadline/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tinyModelPath } from "../model-file.fixture.ts";
import { chosenFile, type ChosenFiles, openChosen } from "./chosen.ts";

const registered = { next: { path: tinyModelPath } };
const next = { name: "next", path: tinyModelPath };
const own = { name: "configured", path: "/own.gguf" };
let dir = "";
let log: KeptLog;
let open: ChosenFiles[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ll-chosen-"));
  log = keepLog(systemClock());
});

// What is still being written would fail in a folder that is gone, or keep it from going.
afterEach(async () => {
  await Promise.all(open.map((chosen) => chosen.written()));
  open = [];
  rmSync(dir, { recursive: true });
});

async function opened(files: Parameters<typeof openChosen>[1] = registered): Promise<ChosenFiles> {
  const chosen = await openChosen(dir, files, log.logger);
  open.push(chosen);
  return chosen;
}

describe("what a model was swapped to", () => {
  it("is known again after a restart, until its own file is chosen", async () => {
    const first = await opened();
    expect(first.of("local", own.path)).toBeUndefined();
    first.choose("local", own.path, next);
    first.choose("other", own.path, next);
    await first.written();
    const second = await opened();
    expect(second.of("local", own.path)).toEqual(next);
    expect(second.of("third", own.path)).toBeUndefined();
    second.choose("local", own.path, own);
    await second.written();
    const third = await opened();
    expect([third.of("local", own.path), third.of("other", own.path)]).toEqual([undefined, next]);
    expect(log.text()).toBe("");
  });

  it("is forgotten for a target that names another file of its own now", async () => {
    const chosen = await opened();
    chosen.choose("local", own.path, next);
    expect(chosen.of("local", "/newer.gguf")).toBeUndefined();
  });

  it("lies in a file that only its owner reads, replaced as a whole", async () => {
    const chosen = await opened();
    for (let i = 0; i < 5; i++) chosen.choose(`t${i}`, own.path, next);
    await chosen.written();
    expect(readdirSync(dir)).toEqual([chosenFile]);
    expect(statSync(join(dir, chosenFile)).mode & 0o777).toBe(0o600);
    expect(Object.keys(JSON.parse(readFileSync(join(dir, chosenFile), "utf8")))).toHaveLength(5);
  });
});

it("a reload that registers another file under the name is followed, and one whose file is bad is not", async () => {
  const copy = join(dir, "copy.gguf");
  copyFileSync(tinyModelPath, copy);
  const sha256 = createHash("sha256").update(readFileSync(copy)).digest("hex");
  const chosen = await opened();
  chosen.choose("local", own.path, next);
  const goTo = async (files: Parameters<ChosenFiles["recheck"]>[0]): Promise<void> =>
    (await chosen.recheck(files)).keep();
  await goTo({ next: { path: copy, sha256 } });
  expect(chosen.of("local", own.path)).toEqual({ name: "next", path: copy, sha256 });
  await goTo({ next: { path: copy, sha256: "0".repeat(64) } });
  expect(chosen.of("local", own.path)).toBeUndefined();
  await goTo({});
  expect(chosen.of("local", own.path)).toBeUndefined();
  await goTo(registered);
  expect(chosen.of("local", own.path)).toEqual(next);
  expect(log.text().match(/model.not_kept/g)).toHaveLength(2);
});

describe("files of a reload that is refused after all", () => {
  it.each([
    ["not registered any more", {}],
    ["bad", { next: { ...registered.next, sha256: "0".repeat(64) } }],
  ])("leave the choice as it was where it is %s, and the log empty", async (_what, files) => {
    const chosen = await opened();
    chosen.choose("local", own.path, next);
    const rechecked = await chosen.recheck(files);
    expect(chosen.of("local", own.path)).toBeUndefined();
    rechecked.undo();
    expect(chosen.of("local", own.path)).toEqual(next);
    expect(log.text()).toBe("");
  });

  it("take back no swap that came after them", async () => {
    const chosen = await opened();
    chosen.choose("local", own.path, next);
    const rechecked = await chosen.recheck({});
    chosen.choose("local", own.path, own);
    rechecked.undo();
    expect(chosen.of("local", own.path)).toBeUndefined();
  });
});

describe("the target serves its own file, and the log says why", () => {
  it.each([
    ["the chosen one is not registered any more", {}, "not registered"],
    [
      "it is another than its SHA-256",
      { next: { ...registered.next, sha256: "0".repeat(64) } },
      "is not 0000",
    ],
    ["it is gone", { next: { path: "/none.gguf" } }, "cannot be read"],
  ])("when %s; the choice stands when it is back", async (_why, files, text) => {
    const chosen = await opened();
    chosen.choose("local", own.path, next);
    await chosen.written();
    expect((await opened(files)).of("local", own.path)).toBeUndefined();
    expect(log.text()).toMatch(new RegExp(`"model.not_kept".*${text}`));
    expect((await opened()).of("local", own.path)).toEqual(next);
  });

  it.each(["", "{", "[]", '{"local": {"name": 1}}', '{"local": null}'])(
    "when what was kept is damaged: %j",
    async (text) => {
      writeFileSync(join(dir, chosenFile), text);
      expect((await opened()).of("local", own.path)).toBeUndefined();
      expect(log.text()).toContain("model.not_kept");
    },
  );

  it("and one that cannot be written is told and stays chosen in this process", async () => {
    const chosen = await opened();
    mkdirSync(join(dir, `${chosenFile}.new`));
    chosen.choose("local", own.path, next);
    await chosen.written();
    expect(log.text()).toMatch(/"model.not_kept".*EISDIR/);
    expect(chosen.of("local", own.path)).toEqual(next);
  });
});
