import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, it } from "vitest";
import { copiesOf, copyPath } from "./copies.ts";
import { damagedDatabase } from "./damage.ts";

let dir: string;
let path: string;
beforeEach(() => {
  // A blank and a quote, as a home directory may have them.
  dir = join(mkdtempSync(join(tmpdir(), "ll-damage-")), "it's a state");
  mkdirSync(dir);
  path = join(dir, "loadline.db");
});

const hourMs = 3_600_000;

/** A copy that says what it was made of. */
function keepCopy(text: string, version: number, nowMs: number, of = path): string {
  const copy = copyPath(of, version, nowMs);
  mkdirSync(join(dir, "backups"), { recursive: true });
  using db = new DatabaseSync(copy);
  db.exec("CREATE TABLE texts (text TEXT)");
  db.prepare("INSERT INTO texts VALUES (?)").run(text);
  return copy;
}

const commandIn = (message: string): string => /`(.*)`\.$/.exec(message)?.[1] ?? "";

describe("a damaged database", () => {
  it("names the command that restores the newest copy beside it, which does as it is", () => {
    keepCopy("old", 9, hourMs);
    const newest = keepCopy("new", 10, 2 * hourMs);
    keepCopy("oldest", 1, 0);
    expect(copiesOf(path).at(-1)).toBe(newest);
    for (const name of ["", "-wal", "-shm"]) writeFileSync(path + name, "damaged");
    const { code, message } = damagedDatabase(path, "file is not a database");
    expect(code).toBe("LL_STATE_CORRUPT");
    expect(message).toContain(`${path}: file is not a database. The newest copy beside it`);
    chmodSync(path, 0o644);
    execFileSync("sh", ["-c", commandIn(message)]);
    expect(readdirSync(dir).toSorted()).toEqual(["backups", "loadline.db"]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    using db = new DatabaseSync(path, { readOnly: true });
    expect(db.prepare("SELECT text FROM texts").get()).toEqual({ text: "new" });
  });

  it("without a copy names the command for one of whoever runs it", () => {
    const { message } = damagedDatabase("/var/lib/loadline/loadline.db", "damaged");
    expect(message).toContain("A copy of yours is restored by `");
    expect(commandIn(message)).toBe(
      "rm -f /var/lib/loadline/loadline.db-wal /var/lib/loadline/loadline.db-shm && cp COPY /var/lib/loadline/loadline.db && chmod 600 /var/lib/loadline/loadline.db",
    );
  });

  it("is restored from a copy of its own, not from that of a database beside it", () => {
    const own = keepCopy("own", 2, hourMs);
    const other = join(dir, "loadline-v2.db");
    const others = keepCopy("other", 2, 2 * hourMs, other);
    expect([copiesOf(path), copiesOf(other)]).toEqual([[own], [others]]);
    execFileSync("sh", ["-c", commandIn(damagedDatabase(path, "damaged").message)]);
    using db = new DatabaseSync(path, { readOnly: true });
    expect(db.prepare("SELECT text FROM texts").get()).toEqual({ text: "own" });
  });

  it("takes nothing for a copy that is none", () => {
    mkdirSync(join(dir, "backups"));
    for (const name of ["notes.txt", "loadline-v2.db", "loadline-vx-1.db", "other-v2-1.db"])
      writeFileSync(join(dir, "backups", name), "x");
    expect(copiesOf(path)).toEqual([]);
    expect(damagedDatabase(path, "damaged").message).toContain("cp COPY ");
  });
});
