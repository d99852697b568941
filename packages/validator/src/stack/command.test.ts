import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { codeOf } from "@loadline/kit/errors";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../testkit/src/eventually.ts";
import { runStackPlan, type StackResult } from "./stack.fixture.ts";
import { startCommandTwin } from "./stubs/command.ts";
import { twinSuite } from "./twin-suite.fixture.ts";

twinSuite("command", startCommandTwin);

const run = (commands: object, secrets = {}, timeoutMs = 10_000): Promise<StackResult> =>
  runStackPlan({ timeoutMs, services: { it: { kind: "command", commands } } }, secrets);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === "ESRCH") return false;
    throw error;
  }
}

describe("a program", () => {
  it("that ends and writes as declared passes [R1-37]", async () => {
    const { words, sentences } = await run({
      disk: { run: ["sh", "-c", "echo ' 42 '"], min: 42, max: 42 },
      name: { run: ["echo", "a b"], equals: "a b" },
      part: { run: ["echo", "it is ready now"], contains: "is ready" },
      fails: { run: ["false"], exit: 1 },
    });
    expect(words["it.ends"]).toBe("passed");
    expect(sentences["it.ends"]).toContain("disk: it ended with 0, as declared");
  });

  it.each([
    ["another status", { run: ["sh", "-c", "exit 3"] }, "it ended with 3, not with 0"],
    ["a status that was to be", { run: ["true"], exit: 1 }, "it ended with 0, not with 1"],
    ["a signal", { run: ["sh", "-c", "kill -9 $$"] }, "it ended by SIGKILL, not with 0"],
    ["another text", { run: ["echo", "b"], equals: "a" }, 'it wrote what is not "a"'],
    ["no such part", { run: ["echo", "b"], contains: "a" }, 'it wrote what is without "a"'],
    ["too little", { run: ["echo", "9"], min: 10 }, "it wrote what is 9, less than 10"],
    ["too much", { run: ["echo", "1e3"], max: 10 }, "it wrote what is 1000, more than 10"],
    ["no number", { run: ["echo", "ten"], min: 1 }, "it wrote what is no number"],
    ["nothing in place of a number", { run: ["true"], max: 1 }, "it wrote what is no number"],
    ["its words on the other output", { run: ["sh", "-c", "echo 7 >&2"], equals: "7" }, "is not"],
  ])("with %s fails", async (_, command, sentence) => {
    const { words, sentences } = await run({ one: command });
    expect(words["it.ends"]).toBe("failed false");
    expect(sentences["it.ends"]).toContain(`one: `);
    expect(sentences["it.ends"]).toContain(sentence);
  });

  it("that fails among others is named with what it wrote, its command with it", async () => {
    const { words, evidence } = await run({
      good: { run: ["true"] },
      bad: { run: ["sh", "-c", "echo to whom it concerns; exit 1"] },
    });
    expect(words["it.ends"]).toBe("failed false");
    const found = evidence.split("\n").filter((line) => line.includes('"kind":"finding"'));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain("to whom it concerns");
    expect(found[0]).toContain('["sh","-c","echo to whom it concerns; exit 1"]');
  });

  it("that is not here leaves the claim not tested, never passed", async () => {
    const { words, sentences } = await run({ one: { run: ["/nowhere/check.sh"] } });
    expect(words["it.ends"]).toBe("not_tested tool_missing");
    expect(sentences["it.ends"]).toContain("/nowhere/check.sh is not on this machine");
  });

  it("that is not here hides nothing that another showed, and no part of it is passed", async () => {
    const { words, sentences } = await run({
      bad: { run: ["false"] },
      gone: { run: ["/nowhere/check.sh"] },
    });
    expect(words["it.ends"]).toBe("failed false");
    expect(sentences["it.ends"]).toContain("bad: it ended with 1");
    const good = await run({ good: { run: ["true"] }, gone: { run: ["/nowhere/check.sh"] } });
    expect(good.words["it.ends"]).toMatch(/^not_tested/);
  });

  it("behind one that took all the time is not tested, and never run", async () => {
    const dir = mkdtempSync(join(tmpdir(), "ll-command-"));
    const ran = join(dir, "ran");
    const commands = { slow: { run: ["sleep", "60"] }, next: { run: ["touch", ran] } };
    const { words, evidence } = await run(commands, {}, 1_000);
    expect(words["it.ends"]).toBe("failed false");
    expect(evidence).toContain("next: nothing was asked, the time of the check was over");
    const found = evidence.split("\n").filter((line) => line.includes('"kind":"finding"'));
    expect(found.map((line) => /slow|next/.exec(line)?.[0])).toEqual(["slow"]);
    expect(existsSync(ran)).toBe(false);
    rmSync(dir, { recursive: true, force: true });
  }, 20_000);

  it("that does not end is killed with what it started, and fails in its time", async () => {
    const dir = mkdtempSync(join(tmpdir(), "ll-command-"));
    const told = join(dir, "pid");
    // The inner one holds the outer one's output open and does not listen.
    const inner = `trap '' TERM INT; echo $$ > ${told}; while :; do sleep 0.1; done`;
    const { words, sentences } = await run(
      { one: { run: ["sh", "-c", `sh -c "${inner.replaceAll("$$", "\\$\\$")}" & wait`] } },
      {},
      1_000,
    );
    expect(words["it.ends"]).toBe("failed false");
    expect(sentences["it.ends"]).toContain("sh did not end in time");
    const pid = Number(readFileSync(told, "utf8"));
    expect(pid).toBeGreaterThan(1);
    await eventually(systemClock(), () => !isAlive(pid), 5_000);
    rmSync(dir, { recursive: true, force: true });
  }, 20_000);

  it("that writes without end is read no further than its bound", async () => {
    const commands = { one: { run: ["sh", "-c", "yes | head -c 3000000"], contains: "y" } };
    const { words, evidence } = await run(commands);
    expect(words["it.ends"]).toBe("passed");
    expect(evidence.length).toBeLessThan(100_000);
  });

  it.each([
    ["no command", {}, "give a command"],
    ["no program", { one: { run: [""] } }, "give the program first"],
    ["a reference", { one: { run: ["psql", "${env:WORD}"] } }, "no reference is filled in here"],
    ["a name in capitals", { One: { run: ["true"] } }, "Invalid key in record"],
    ["an unknown member", { one: { run: ["true"], status: 0 } }, "status"],
  ])("with %s is refused with the plan", async (_, commands, words) => {
    await expect(run(commands)).rejects.toThrow(words);
  });
});
