import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emptyDir, runNamed } from "../../test/bundles.ts";
import { type Ended, runLine } from "../../test/run-line.ts";

let cwd = "";
beforeEach(() => void (cwd = emptyDir()));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const clean = (line = ""): Promise<Ended> => runLine(`clean ${line}`.trim(), { cwd });
const runs = (): string => join(cwd, ".loadline", "runs");
const left = (): string[] => (existsSync(runs()) ? readdirSync(runs()).sort() : []);

function folder(name: string, bytes = 10): string {
  const dir = join(runs(), name);
  mkdirSync(join(dir, "artifacts"), { recursive: true });
  writeFileSync(join(dir, "artifacts", "one"), "x".repeat(bytes));
  return dir;
}

describe("what clean may remove", () => {
  it("only folders named as a run names them, however many others lie there", async () => {
    folder(runNamed(1));
    const kept = ["2026-holiday", "2026", "20261121T100100Z", "20261121-notes", "backup"];
    for (const name of kept) folder(name);
    writeFileSync(join(runs(), "20261121T100200Z-ab12"), "a file, no folder");
    const { exit, out } = await clean("--keep 0 --yes");
    expect(exit).toBe(0);
    expect(out).toContain("1 of 1 runs");
    expect(left()).toEqual([...kept, "20261121T100200Z-ab12"].sort());
  });

  it("never what a link leads to, nor the link", async () => {
    const elsewhere = emptyDir();
    writeFileSync(join(elsewhere, "precious"), "x");
    mkdirSync(runs(), { recursive: true });
    symlinkSync(elsewhere, join(runs(), runNamed(1)));
    await clean("--keep 0 --yes");
    expect(readdirSync(elsewhere)).toEqual(["precious"]);
    expect(left()).toEqual([runNamed(1)]);
    rmSync(elsewhere, { recursive: true });
  });

  it("a link inside a run is removed, and what it leads to stays", async () => {
    const elsewhere = emptyDir();
    writeFileSync(join(elsewhere, "precious"), "x");
    symlinkSync(elsewhere, join(folder(runNamed(1)), "linked"));
    await clean("--keep 0 --yes");
    expect(left()).toEqual([]);
    expect(readdirSync(elsewhere)).toEqual(["precious"]);
    rmSync(elsewhere, { recursive: true });
  });

  it("neither the store nor the key beside the runs", async () => {
    folder(runNamed(1));
    for (const name of ["loadline.db", "local.key", "pepper"])
      writeFileSync(join(cwd, ".loadline", name), "x");
    await clean("--keep 0 --yes");
    expect(readdirSync(join(cwd, ".loadline")).sort()).toEqual([
      "loadline.db",
      "local.key",
      "pepper",
      "runs",
    ]);
  });

  it("the state directory of --state, and no other", async () => {
    folder(runNamed(1));
    const { out } = await clean("--state elsewhere --keep 0 --yes");
    expect(out).toBe("0 of 0 runs\n");
    expect(left()).toEqual([runNamed(1)]);
  });
});

describe("what clean keeps", () => {
  it("ten runs when nothing else is said, the newest of them", async () => {
    for (let minute = 0; minute < 13; minute++) folder(runNamed(minute));
    const { out } = await clean("--yes");
    expect(out).toContain("3 of 13 runs");
    expect(left()).toHaveLength(10);
    expect(left()[0]).toBe(runNamed(3));
  });

  it("without --yes everything, and each line says what would go and how much it is", async () => {
    folder(runNamed(1), 3 * 1024 * 1024);
    folder(runNamed(2));
    const { out } = await clean("--keep 1");
    expect(out).toBe(
      `would remove ${join(runs(), runNamed(1))} 3 MB\n` +
        "1 of 2 runs; run it again with --yes to remove them\n",
    );
    expect(left()).toHaveLength(2);
  });

  it("everything when there are fewer than --keep", async () => {
    folder(runNamed(1));
    expect((await clean("--keep 5 --yes")).out).toBe("0 of 1 runs\n");
    expect((await clean("--keep 5")).out).toBe("0 of 1 runs; nothing to remove\n");
    expect(left()).toHaveLength(1);
  });
});

describe("clean --json", () => {
  it("lists path and bytes of what would go, then of what went", async () => {
    folder(runNamed(1), 10);
    const gone = [{ path: join(runs(), runNamed(1)), bytes: 10 }];
    const shown = await clean("--keep 0 --json");
    expect(JSON.parse(shown.out)).toEqual({ kept: 0, removed: false, runs: gone });
    expect(left()).toHaveLength(1);
    const done = await clean("--keep 0 --json --yes");
    expect(JSON.parse(done.out)).toEqual({ kept: 0, removed: true, runs: gone });
    expect(left()).toEqual([]);
  });

  it.each(["--keep -1", "--keep all", "--keep 1.5", "--keep 1000001", "runs"])(
    "%s is refused and nothing is removed",
    async (line) => {
      folder(runNamed(1));
      const { exit, out } = await clean(`${line} --yes`);
      expect([exit, out]).toEqual([64, ""]);
      expect(left()).toHaveLength(1);
    },
  );
});
