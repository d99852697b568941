import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { TestClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf, isDigest } from "../../identity/keys/digest.ts";
import { parseKey } from "../../identity/keys/key-format.ts";
import { openState, type State } from "../state.ts";
import type { KeyRow } from "../rows.ts";
import { migrations, schemaVersion } from "../sql/migrations.ts";
import { openSqliteStore } from "./open.ts";

/** Drawn with a seed for this file; they open nothing. */
const fixture = {
  wallMs: 1795277805384,
  pepper: "639ba5d857dc01285b3c873424e7fc50d8eae6bc56475c926d3030f5b9bae9d3",
  live: "ll_local_Xc0I0hrVDcAX_BKQ5NoB83BjkbHUl2nzx4QO0lzuY1sUteUrzZ2Vu6o8_3Xac0T",
  old: "ll_prod_PqLONdSLOaBd_wEAYS3NczvQw1hWXrwYYlNj2jYtBAHJNhY5OxyGAi4F_2FmEP5",
  rotated: "ll_prod_PqLONdSLOaBd_280gbsu9XyqIPkr0Ed1CHxdQ4jWNf8ou5U3rdkXI6l2_2ce9sy",
  revoked: "ll_local_FHVx5SeGhBS4_NyYq2lbE641G63yvn03zYKF7lnsEUmvWTcM8Xm06klO_0R2r8e",
  expired: "ll_local_A494EC7mCUSL_vFOW95koswVPUlme9vZ2a0UcbYdpKlwTZugIrBQq0Kq_4IOLgD",
};

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ll-migrate-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const path = (): string => join(dir, "loadline.db");

/** The directory as version 0.1.0 left it. */
function writeOld(): void {
  using db = new DatabaseSync(path());
  db.exec("PRAGMA journal_mode = WAL");
  db.exec(readFileSync(new URL("./v1.fixture.sql", import.meta.url), "utf8"));
  writeFileSync(join(dir, "pepper"), `${fixture.pepper}\n`, { mode: 0o600 });
}

const open = (): State =>
  openState(dir, { clock: new TestClock(fixture.wallMs), random: seededRandom(1) });

function edit(sql: string): void {
  using db = new DatabaseSync(path());
  db.exec(sql);
}

function fact(name: string): unknown {
  using db = new DatabaseSync(path(), { readOnly: true });
  return db.prepare("SELECT value FROM store_facts WHERE name = ?").get(name)?.["value"];
}

const codeOf = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
  return "none";
};

describe("a database of version 0.1.0", () => {
  beforeEach(writeOld);

  it("keeps every key: live, rotated, revoked and expired ones with all they had", async () => {
    open().close();
    await using store = openSqliteStore(path(), new TestClock(fixture.wallMs));
    const found = async (key: string): Promise<KeyRow | undefined> =>
      store.repositories.keys.find(key.split("_")[2] ?? "");
    const isSecretOf = (key: string, digest: Uint8Array | undefined): boolean => {
      const parts = parseKey(key);
      return parts !== undefined && isDigest(digest, digestOf(pepper, parts));
    };
    const pepper = Buffer.from(fixture.pepper, "hex");
    const live = await found(fixture.live);
    expect(isSecretOf(fixture.live, live?.digest)).toBe(true);
    const added = { tenantId: "default", roles: ["caller"], pepperVersion: 1, epoch: 1 };
    expect(live).toMatchObject({ name: "live", env: "local", ...added });
    const rotated = await found(fixture.rotated);
    expect(isSecretOf(fixture.rotated, rotated?.digest)).toBe(true);
    expect(isSecretOf(fixture.old, rotated?.oldDigest)).toBe(true);
    expect(rotated).toMatchObject({ oldPepperVersion: 1, overlapUntil: 1795364204376 });
    expect((await found(fixture.revoked))?.revokedAt).toBe(1795277804383);
    expect((await found(fixture.expired))?.expiresAt).toBe(1795277804385);
  });

  it("is copied before the change, and the copy is what it was", () => {
    open().close();
    const [copy = ""] = readdirSync(join(dir, "backups"));
    expect(copy).toMatch(/^loadline-v1-\d{8}T\d{9}Z\.db$/);
    expect(statSync(join(dir, "backups", copy)).mode & 0o777).toBe(0o600);
    using db = new DatabaseSync(join(dir, "backups", copy), { readOnly: true });
    const columns = db.prepare("PRAGMA table_info(keys)").all();
    expect(columns).toHaveLength(10);
    expect(db.prepare("SELECT count(*) AS n FROM keys").get()?.["n"]).toBe(4);
  });

  it("is changed once: a second start copies and changes nothing", () => {
    open().close();
    open().close();
    expect(readdirSync(join(dir, "backups"))).toHaveLength(1);
  });

  it("stays as it was when no copy can be made", () => {
    writeFileSync(join(dir, "backups"), "in the way");
    expect(codeOf(open)).toBe("LL_STATE_BACKUP");
    using db = new DatabaseSync(path());
    expect(db.prepare("PRAGMA table_info(keys)").all()).toHaveLength(10);
  });

  it("stays as it was when a step fails half-way", () => {
    edit("CREATE TABLE principals (id TEXT)");
    expect(codeOf(open)).toBe("LL_STATE_CORRUPT");
    using db = new DatabaseSync(path());
    expect(db.prepare("PRAGMA table_info(keys)").all()).toHaveLength(10);
  });

  it("is still written by the statements of that version after the change", () => {
    open().close();
    edit(`INSERT INTO keys (id, env, name, digest, created_at, expires_at)
      VALUES ('AAAAAAAAAAAA', 'local', 'by the old one', zeroblob(32), 5, NULL)`);
    open().close();
    using db = new DatabaseSync(path(), { readOnly: true });
    const row = db.prepare("SELECT roles, epoch FROM keys WHERE id = 'AAAAAAAAAAAA'").get();
    expect(row).toEqual({ roles: '["caller"]', epoch: 1 });
    expect(db.prepare("PRAGMA user_version").get()?.["user_version"]).toBe(1);
  });
});

describe("a new database", () => {
  it("starts at this version, without a copy", () => {
    open().close();
    expect(fact("schema.version")).toBe(String(schemaVersion));
    expect(readdirSync(dir)).not.toContain("backups");
  });
});

describe("a database of a later version", () => {
  const later = (version: number, readableFrom: number): void => {
    open().close();
    edit(`UPDATE store_facts SET value = '${version}' WHERE name = 'schema.version';
      UPDATE store_facts SET value = '${readableFrom}' WHERE name = 'schema.readableFrom'`);
  };

  it("is used as it is when it says that this version may read it", () => {
    later(schemaVersion + 1, schemaVersion);
    open().close();
    expect(fact("schema.version")).toBe(String(schemaVersion + 1));
  });

  it("is refused when it does not", () => {
    later(schemaVersion + 1, schemaVersion + 1);
    expect(codeOf(open)).toBe("LL_STATE_SCHEMA_NEWER");
  });

  it("keeps its newest three copies only", () => {
    writeOld();
    const clock = new TestClock(fixture.wallMs);
    for (let i = 0; i < 5; i++) {
      openState(dir, { clock, random: seededRandom(1) }).close();
      rmSync(path());
      writeOld();
      clock.advance(1000);
    }
    expect(readdirSync(join(dir, "backups"))).toHaveLength(3);
  });
});

describe("the steps", () => {
  it("have rising versions, and each stays readable by the version before", () => {
    migrations.forEach((step, i) => {
      expect(step.version).toBe(i + 1);
      expect(step.readableFrom).toBeLessThanOrEqual(Math.max(1, step.version - 1));
    });
  });
});
