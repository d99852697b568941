import { execFileSync } from "node:child_process";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runStackPlan, type StackResult } from "./stack.fixture.ts";
import { makeFolder } from "./stubs/folder.ts";
import { readLogLine } from "./wire/log-signature.ts";
import { readTail } from "./wire/tail.ts";

async function judged(text: string, more: object = {}): Promise<StackResult> {
  await using folder = await makeFolder({ "a.log": text });
  const it_ = { kind: "logs", files: [join(folder.path, "a.log")], structured: false, ...more };
  return await runStackPlan({ services: { it: it_ } });
}

describe("an error is known in the words of its writer [R1-27]", () => {
  it.each([
    ["logfmt", 'time=2026-01-02T03:04:05Z level=error msg="disk full" disk=7'],
    ["logfmt in short", 'ts=1 lvl=crit msg="disk full"'],
    ["nginx", "2026/01/02 03:04:05 [error] 12#12: *3 open() failed (2: No such file)"],
    ["nginx in need", "2026/01/02 03:04:05 [emerg] 1#1: bind() failed"],
    ["PostgreSQL", "2026-01-02 03:04:05.123 UTC [77] ERROR:  relation lost"],
    ["a word beside a figure", "ERROR water level=5 is too low"],
    ["a word outside the quotes of logfmt", 'ERROR lost level=info msg="calm"'],
    ["Python", "Traceback (most recent call last):"],
    ["JSON without a level", '{"time":"t","message":"Unhandled Exception in worker"}'],
    ["JSON with a level", '{"time":"t","severity":"CRITICAL","message":"disk"}'],
    ["JSON with a number", '{"time":1,"level":60,"msg":"gone"}'],
  ])("%s", async (_, line) => {
    expect(readLogLine(line).isError).toBe(true);
    const { words } = await judged(`all is calm\n${line}\n`);
    expect(words["it.errors"]).toBe("failed false");
  });

  it.each([
    ["logfmt that shows the word", 'level=info msg="ERROR page shown"'],
    ["logfmt that warns", 'level=warn msg="slow"'],
    ["nginx that notes", "2026/01/02 03:04:05 [notice] 1#1: start"],
    ["JSON that shows the word", '{"time":"t","level":"info","msg":"ERROR page shown"}'],
    ["JSON without a level that is calm", '{"time":"t","message":"started"}'],
    ["words of a path", "GET /error/page 200"],
  ])("and calm is not: %s", async (_, line) => {
    expect(readLogLine(line).isError).toBe(false);
    const { words } = await judged(`${line}\n`);
    expect(words["it.errors"]).toBe("passed");
  });

  it("two of logfmt differ by their message, though it stands in quotes", () => {
    const one = readLogLine('level=error msg="disk full" disk=7');
    const two = readLogLine('level=error msg="login lost" user=8');
    expect(one.signature).toBe("disk full");
    expect(two.signature).toBe("login lost");
  });

  it("a known one hides no other", async () => {
    const lines = 'level=error msg="disk full"\nlevel=error msg="login lost"\n';
    const { words, sentences } = await judged(lines, { known: ["disk full"] });
    expect(words["it.errors"]).toBe("failed false");
    expect(sentences["it.errors"]).toContain("2 signatures of errors, 1 not known");
    expect(sentences["it.errors"]).toContain("login lost");
    const both = await judged(lines, { known: ["disk full", "login lost"] });
    expect(both.words["it.errors"]).toBe("passed");
  });
});

describe("the end of a file", () => {
  it("is whole lines, and says whether it is all there is", async () => {
    await using folder = await makeFolder({ "a.log": "one\ntwo\nthree\n" });
    const path = join(folder.path, "a.log");
    expect(await readTail(path, 100)).toMatchObject({
      lines: ["one", "two", "three"],
      isWhole: true,
    });
    expect(await readTail(path, 8)).toMatchObject({ lines: ["three"], isWhole: false });
  });

  it("takes Windows line ends and a last line without one", async () => {
    await using folder = await makeFolder({ "a.log": "one\r\ntwo" });
    expect((await readTail(join(folder.path, "a.log"), 100)).lines).toEqual(["one", "two"]);
  });

  it("that holds no line end is a fault, for nothing of it can be read", async () => {
    await using folder = await makeFolder({ "a.log": "x".repeat(5_000) });
    await expect(readTail(join(folder.path, "a.log"), 1_024)).rejects.toThrow(/no end of a line/);
  });

  it("of an empty file is no line, and of a folder a fault", async () => {
    await using folder = await makeFolder({ "a.log": "" });
    expect((await readTail(join(folder.path, "a.log"), 100)).lines).toEqual([]);
    await expect(readTail(folder.path, 100)).rejects.toThrow(/is no file/);
  });

  it.skipIf(process.platform === "win32")(
    "of a pipe nobody writes to is not waited for",
    async () => {
      await using folder = await makeFolder({});
      const path = join(folder.path, "pipe");
      execFileSync("mkfifo", [path]);
      await expect(readTail(path, 100)).rejects.toThrow(/is no file/);
    },
  );
});

describe("a log that is to be active", () => {
  async function touched(seconds: number): Promise<StackResult> {
    await using folder = await makeFolder({ "a.log": "calm\n" });
    const path = join(folder.path, "a.log");
    const at = Date.now() / 1_000 + seconds;
    utimesSync(path, at, at);
    const it_ = { kind: "logs", files: [path], structured: false, freshSeconds: 60 };
    return await runStackPlan({ services: { it: it_ } });
  }

  it("was written to lately", async () => {
    expect((await touched(-5)).words["it.active"]).toBe("passed");
    expect((await touched(-600)).words["it.active"]).toBe("failed false");
  });

  it("was not written to tomorrow", async () => {
    const { words, sentences } = await touched(86_400);
    expect(words["it.active"]).toBe("failed false");
    expect(sentences["it.active"]).toContain("in the future");
  });

  it("is one with a last line of 100 KB, too", async () => {
    const { words } = await judged(`${"x".repeat(100_000)}\n`, { freshSeconds: 60 });
    expect(words["it.active"]).toBe("passed");
  });

  it("and holds something", async () => {
    const { words, sentences } = await judged("", { freshSeconds: 60 });
    expect(words["it.active"]).toBe("failed false");
    expect(sentences["it.active"]).toContain("the file is empty");
  });
});

describe("lines a machine is to read", () => {
  it("are all JSON with time and level, and there is one", async () => {
    const good = '{"time":"t","level":"info"}\n';
    expect((await judged(good, { structured: true })).words["it.structured"]).toBe("passed");
    const { words, sentences } = await judged(`${good}plain\n`, { structured: true });
    expect(words["it.structured"]).toBe("failed false");
    expect(sentences["it.structured"]).toContain("1 of 2 lines");
    expect((await judged("", { structured: true })).words["it.structured"]).toBe("failed false");
  });

  it("are not those of a JSON that is cut", async () => {
    const { words } = await judged('{"time":"t","level":"inf\n', { structured: true });
    expect(words["it.structured"]).toBe("failed false");
  });
});
