import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folderWithRuns, runNamed, storeKeyPair } from "../../test/bundles.ts";
import { type Ended, runLine } from "../../test/run-line.ts";

let cwd = "";
beforeEach(() => {
  cwd = folderWithRuns();
  storeKeyPair(cwd, "me");
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const ready = `.loadline/runs/${runNamed(2)}`;
const failed = `.loadline/runs/${runNamed(1)}`;
const who = '--by Ada --role owner --reason "Read and accepted."';
const approve = (run: string, more = `${who} --sign-key me.pem`): Promise<Ended> =>
  runLine(`approve ${run} ${more}`, { cwd, clock: new TestClock() });
const filesOf = (run: string): string[] =>
  readdirSync(join(cwd, run), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

describe("approve", () => {
  it("writes who, in which role, why and when, and verify agrees with the run as before", async () => {
    const before = filesOf(ready);
    const { exit, out } = await approve(ready, `${who} --sign-key me.pem --json`);
    const shown: unknown = JSON.parse(out);
    expect(exit).toBe(0);
    expect(shown).toMatchObject({
      by: "Ada",
      role: "owner",
      reason: "Read and accepted.",
      run: "run-1",
      acceptedWaivers: [],
    });
    const made = filesOf(ready).filter((name) => !before.includes(name));
    expect(made.length).toBeGreaterThan(0);
    const text = made.map((name) => readFileSync(name, "utf8")).join("");
    expect(text).not.toBe("");
    const verified = await runLine(`verify ${ready} --keys me.pub.pem`, { cwd });
    expect(verified.exit).toBe(0);
    expect(verified.out).toMatch(/^approved \S+Z by Ada \(owner\): Read and accepted\.$/m);
    // Nobody known stands for it: it is no sign-off.
    expect((await runLine(`verify ${ready}`, { cwd })).out).not.toMatch(/^approved/m);
  });

  it("a sign-off that lies beside another run approves nothing there", async () => {
    expect((await approve(ready)).exit).toBe(0);
    cpSync(join(cwd, ready, "attestations"), join(cwd, failed, "attestations"), {
      recursive: true,
    });
    const verified = await runLine(`verify ${failed} --keys me.pub.pem`, { cwd });
    expect(verified.exit).toBe(1);
    expect(verified.out).toContain("signature valid");
    expect(verified.out).not.toMatch(/^approved/m);
  });

  it("a run that is not READY is refused, and nothing is written", async () => {
    const before = filesOf(failed);
    const { exit, err } = await approve(failed);
    expect(exit).toBeGreaterThan(0);
    expect(err).toContain("LL_SIGN_REFUSED The outcome is NOT_READY.");
    expect(filesOf(failed)).toEqual(before);
  });

  it("a run that was changed is refused with what verify says of it", async () => {
    cpSync(join(cwd, ready), join(cwd, "copy"), { recursive: true });
    const path = join(cwd, "copy", "verdict.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"passed":3', '"passed":4'));
    const { exit, err } = await approve("copy");
    expect(exit).toBeGreaterThan(0);
    expect(err).toContain("LL_SIGN_REFUSED verify says exit 1");
  });

  it("an archive is refused: the record has to lie beside what it is about", async () => {
    writeFileSync(join(cwd, "run.tar"), "");
    expect((await approve("run.tar")).err).toContain("is an archive; give its folder.");
  });

  it.each([
    ["--role owner --reason 'x'", "--by is missing."],
    ["--by Ada --reason 'x'", "--role is missing."],
    ["--by A --role owner --reason 'x'", "--by is a text of 2 to 2000 characters"],
    ["--by Ada --role owner", "--reason is missing."],
    ['--by Ada --role owner --reason "too short"', "--reason is a text of 10 to 2000"],
    ['--by Ada --role owner --reason "          x"', "--reason is a text of 10 to 2000"],
    [`--by Ada --role owner --reason ${"x".repeat(2001)}`, "--reason is a text of 10 to 2000"],
  ])("%s names what is missing: exit 64", async (more, message) => {
    const { exit, err } = await approve(ready, `${more} --sign-key me.pem`);
    expect([exit, err]).toEqual([64, expect.stringContaining(message)]);
  });

  it("without a key nobody signed: refused, and the way to a key is told", async () => {
    const { exit, err } = await approve(ready, who);
    expect(exit).toBeGreaterThan(0);
    expect(err).toContain("LL_SIGN_NO_KEY");
    expect(err).toContain("--sign-key");
  });

  it("a key that is not there is named with the command that makes one", async () => {
    const { err } = await approve(ready, `${who} --sign-key gone.pem`);
    expect(err).toMatch(/LL_SIGN_KEY .*gone\.pem.*openssl genpkey/);
    expect(existsSync(join(cwd, "gone.pem"))).toBe(false);
  });
});
