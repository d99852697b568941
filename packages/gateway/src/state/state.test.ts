import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { TestClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isAlive, processStart } from "./owner.ts";
import { openState, type State } from "./state.ts";

const pageBytes = 4096;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ll-state-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (exclusive = false): State =>
  openState(dir, { clock: new TestClock(), random: systemRandom() }, { exclusive });
const coded = (code: string): unknown => expect.objectContaining({ code });

function edit(sql: string): void {
  using db = new DatabaseSync(join(dir, "loadline.db"));
  db.exec(sql);
}

describe("the state directory", () => {
  it("keeps its pepper over restarts, in a file for its owner only", () => {
    const first = open();
    first.close();
    const second = open();
    expect(second.pepper).toEqual(first.pepper);
    expect(statSync(join(dir, "pepper")).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, "loadline.db")).mode & 0o777).toBe(0o600);
    second.close();
  });

  it("a pepper that others can read is refused, and so is a missing one", () => {
    open().close();
    chmodSync(join(dir, "pepper"), 0o644);
    expect(() => open()).toThrow(coded("LL_STATE_PEPPER"));
    rmSync(join(dir, "pepper"));
    expect(() => open()).toThrow("missing");
  });

  it("another program's database is refused and left as it is", () => {
    edit("CREATE TABLE theirs (n); PRAGMA user_version = 7");
    expect(() => open()).toThrow(coded("LL_STATE_CORRUPT"));
    edit("INSERT INTO theirs VALUES (1)");
  });
});

describe("what keeps a state directory from being opened", () => {
  it("a database that is out of reach is not called damaged: nobody restores a backup over it", () => {
    mkdirSync(join(dir, "loadline.db-journal"));
    mkdirSync(join(dir, "loadline.db-wal"));
    expect(() => open()).toThrow(coded("LL_STATE_UNUSABLE"));
  });

  it("a damaged page stops who is to own the state, though nothing reads it yet", () => {
    open().close();
    const path = join(dir, "loadline.db");
    edit(`PRAGMA journal_mode = DELETE; INSERT INTO keys (id, env, name, digest, created_at)
      VALUES ('AAAAAAAAAAAA', 'local', 'to be found', zeroblob(32), 5)`);
    open(true).close();
    edit("PRAGMA journal_mode = DELETE");
    const bytes = readFileSync(path);
    const page = Math.floor(bytes.indexOf("to be found") / pageBytes) * pageBytes;
    expect(page).toBeGreaterThan(0);
    writeFileSync(path, bytes.fill(0x5a, page, page + pageBytes));
    expect(() => open(true)).toThrow(coded("LL_STATE_CORRUPT"));
    expect(() => open(true)).toThrow(`cp COPY ${path}`);
  });

  it("who comes to a state that is owned reads none of it but its owner, and is told of no damage", () => {
    const owner = open(true);
    edit(`INSERT INTO keys (id, env, name, digest, created_at)
      VALUES ('AAAAAAAAAAAA', 'local', 'to be found', zeroblob(32), 5);
      PRAGMA wal_checkpoint(TRUNCATE)`);
    const path = join(dir, "loadline.db");
    const bytes = readFileSync(path);
    const page = Math.floor(bytes.indexOf("to be found") / pageBytes) * pageBytes;
    expect(page).toBeGreaterThan(0);
    writeFileSync(path, bytes.fill(0x5a, page, page + pageBytes));
    expect(() => open(true)).toThrow(coded("LL_STATE_LOCKED"));
    owner.close();
    expect(() => open(true)).toThrow(coded("LL_STATE_CORRUPT"));
  });

  it("a file that is no database is", () => {
    writeFileSync(join(dir, "loadline.db"), "no database".repeat(1000));
    expect(() => open()).toThrow(coded("LL_STATE_CORRUPT"));
  });
});

describe("ownership", () => {
  it("a live owner is refused by pid, a dead or reused pid is replaced", () => {
    const owner = open(true);
    expect(() => open(true)).toThrow(`process ${process.pid}`);
    edit("UPDATE owner SET start_ticks = start_ticks + 1");
    open(true).close();
    edit("INSERT INTO owner VALUES (1, 4194303, 1)");
    open(true).close();
    owner.close();
    expect(isAlive({ pid: process.pid, startTicks: processStart(process.pid) ?? -1 })).toBe(true);
  });

  it("commands open it beside its owner", () => {
    const owner = open(true);
    open().close();
    expect(() => open(true)).toThrow(coded("LL_STATE_LOCKED"));
    owner.close();
    open(true).close();
  });
});
