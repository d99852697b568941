import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emptyDir, folderWithRuns, runNamed, storeKeyPair } from "../../test/bundles.ts";
import { type Ended, runLine } from "../../test/run-line.ts";

let cwd = "";
beforeAll(() => {
  cwd = folderWithRuns();
  storeKeyPair(cwd, "own");
  storeKeyPair(cwd, "other");
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const verify = (more = ""): Promise<Ended> => runLine(`verify copy ${more}`.trim(), { cwd });

/** A fresh copy of the READY run, changed. */
function copyOf(change: (dir: string) => void = () => undefined): void {
  const dir = join(cwd, "copy");
  rmSync(dir, { recursive: true, force: true });
  cpSync(join(cwd, ".loadline/runs", runNamed(2)), dir, { recursive: true });
  change(dir);
}

/** Replaces text in one file of the copy; the file must have held it. */
function edit(dir: string, name: string, from: string, to: string): void {
  const path = join(dir, name);
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

describe("verify", () => {
  it("an intact bundle exits 0, and what it does not prove is said beside it", async () => {
    copyOf();
    const { exit, out, err } = await verify();
    expect([exit, err]).toEqual([0, ""]);
    expect(out).toContain("outcome: READY\n");
    expect(out).toContain("does not prove: Who made the bundle");
    expect(out).toMatch(/the bundle is intact and its verdicts follow from its evidence\n$/);
  });

  it("a verdict that says more than the evidence exits 1", async () => {
    copyOf((dir) => edit(dir, "verdict.json", '"passed":3', '"passed":4'));
    const { exit, out } = await verify();
    expect(exit).toBe(1);
    expect(out).toContain("the bundle was changed, or its verdicts do not follow");
  });

  it("a changed record exits 1 and is named by its number", async () => {
    copyOf((dir) => edit(dir, "evidence.jsonl", '"seen":"status 200"', '"seen":"status 500"'));
    const { exit, out } = await verify();
    expect(exit).toBe(1);
    expect(out).toMatch(/first bad record: \d+\n/);
    expect(out).toMatch(/^x /m);
  });

  it("without its evidence the folder is no bundle: exit 3", async () => {
    copyOf((dir) => rmSync(join(dir, "evidence.jsonl")));
    const { exit, out } = await verify();
    expect(exit).toBe(3);
    expect(out).toContain("LL_VERIFY_FILE evidence.jsonl is missing");
    expect(out).toMatch(/the bundle cannot be read\n$/);
  });

  it("--json is one document whose exit is that of the process", async () => {
    copyOf((dir) => edit(dir, "verdict.json", '"passed":3', '"passed":4'));
    const { exit, out, err } = await verify("--json");
    expect(JSON.parse(out)).toMatchObject({ exit: 1, steps: expect.any(Array) });
    expect([exit, err]).toEqual([1, ""]);
  });

  it("an unsigned bundle is incomplete for those who require a signature: exit 2", async () => {
    copyOf();
    const { exit, out } = await verify("--require-signature");
    expect(exit).toBe(2);
    expect(out).toContain("LL_VERIFY_SIGNATURE");
    expect(out).toMatch(/incomplete, or lacks a signature that is required\n$/);
    expect((await verify("--require-pq")).exit).toBe(2);
  });

  it("only a signature by a key that was named is known", async () => {
    copyOf();
    const by = '--by Ada --role owner --reason "Read and accepted." --sign-key own.pem';
    expect((await runLine(`approve copy ${by}`, { cwd })).exit).toBe(0);
    const known = await verify("--keys own.pub.pem");
    expect(known.out).toMatch(/^signature valid: /m);
    const foreign = await verify("--keys other.pub.pem");
    expect(foreign.out).toMatch(/^signature unknown/m);
    expect(foreign.out).not.toMatch(/^signature valid: /m);
  });

  it("a key file that cannot be read ends it before anything is said of the bundle", async () => {
    copyOf();
    const { exit, out, err } = await verify("--keys gone.pem");
    expect([exit, out]).toEqual([78, ""]);
    expect(err).toContain("LL_SIGN_KEY");
  });
});

describe("BUNDLE", () => {
  it("an empty argument, as an unset variable leaves it, is refused: exit 64", async () => {
    const { exit, err } = await runLine('verify ""', { cwd });
    expect(exit).toBe(64);
    expect(err).toContain("LL_CLI_ARGUMENT BUNDLE is empty.");
  });

  it("latest is the newest run of the folder it stands in", async () => {
    const { exit, out } = await runLine("verify .loadline/runs/latest", { cwd });
    expect([exit, out.includes("outcome: READY")]).toEqual([0, true]);
  });

  it("a file that is no archive is named, and what would be one", async () => {
    const dir = emptyDir();
    writeFileSync(join(dir, "notes.txt"), "nothing ".repeat(200));
    const { exit, err } = await runLine("verify notes.txt", { cwd: dir });
    expect(exit).toBe(3);
    expect(err).toMatch(/LL_BUNDLE_READ .*notes\.txt: not a tar archive\. .*tar/);
    rmSync(dir, { recursive: true, force: true });
  });
});
