import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { createGateway, loadConfig, operator } from "@loadline/gateway";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestHost } from "../../test/test-host.ts";
import { runCli } from "../run.ts";

let root: string;
let ids: readonly string[];

/** Runs `loadline audit-log ...` over a state directory. */
async function audit(
  dir: string,
  ...argv: readonly string[]
): Promise<{ exit: number; out: string; err: string }> {
  const host = createTestHost(["audit-log", ...argv, "--state", dir], { cwd: root });
  const exit = await runCli(host);
  return { exit, out: host.out(), err: host.err() };
}

const headsOf = (dir: string): string => join(dir, "heads.ndjson");
const verify = (dir: string) => audit(dir, "verify", "--heads", headsOf(dir));

/** A copy of the recorded state directory, changed by SQL. */
function tampered(sql = ""): string {
  const dir = mkdtempSync(join(root, "copy-"));
  cpSync(join(root, "state"), dir, { recursive: true });
  const db = new DatabaseSync(join(dir, "loadline.db"));
  db.exec(sql);
  db.close();
  return dir;
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "ll-audit-cli-"));
  const stateDir = join(root, "state");
  const heads = join(root, "heads.ndjson");
  const overrides = { stateDir, listen: { port: 0 }, auditLog: { heads } };
  const config = loadConfig(undefined, {}, overrides);
  const deps = { clock: systemClock(), random: systemRandom(), log: () => undefined };
  const gateway = await createGateway(config, deps);
  const made: string[] = [];
  await gateway.identity.tenants.create(operator(), { id: "other" });
  for (let i = 0; i < 8; i++) {
    const tenantId = i === 7 ? "other" : "default";
    const key = await gateway.identity.keys.create(operator(), { name: `k${i}`, tenantId });
    made.push(key.id);
  }
  ids = made;
  await gateway.close({ graceMs: 0 });
  cpSync(heads, headsOf(stateDir));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("loadline audit-log verify", () => {
  it("exits 0 for the log as it was written, and counts what the heads cover", async () => {
    const { exit, out } = await verify(tampered());
    expect(out).toBe("intact: 10 entries of 2 tenants, 10 covered by signed heads\n");
    expect(exit).toBe(0);
  });

  it("exits 2 without signed heads, because a chain alone cannot show a cut tail", async () => {
    const { exit, out } = await audit(tampered(), "verify");
    expect([exit, out.startsWith("not provable: 10 entries")]).toEqual([2, true]);
  });

  const at = "WHERE tenant_id = 'default' AND seq =";
  const cases: readonly (readonly [string, string, string])[] = [
    [
      "a byte of an entry",
      `UPDATE audit_entries SET entry = replace(entry, 'k2', 'k9') ${at} 4`,
      "4",
    ],
    ["a column", `UPDATE audit_entries SET actor_id = 'nobody' ${at} 5`, "5"],
    ["a deleted entry", `DELETE FROM audit_entries ${at} 3`, "3"],
    ["a cut tail", "DELETE FROM audit_entries WHERE tenant_id = 'default' AND seq > 6", "7"],
    [
      "two swapped entries",
      `UPDATE audit_entries SET seq = 900 ${at} 2; UPDATE audit_entries SET seq = 2 ${at} 6;` +
        `UPDATE audit_entries SET seq = 6 ${at} 900`,
      "2",
    ],
    [
      "an inserted entry",
      `INSERT INTO audit_entries SELECT tenant_id, 9, 'forged', ts, event, entry, prev, hash,
       actor_id, action, object_type, object_id, outcome, code, request_id FROM audit_entries ${at} 8`,
      "9",
    ],
    [
      "an entry of another tenant",
      `UPDATE audit_entries SET tenant_id = 'other', seq = 4 ${at} 8`,
      "8",
    ],
    ["a time set back", `UPDATE audit_entries SET ts = ts - 3600000 ${at} 7`, "7"],
  ];
  it.each(cases)("exits 1 and names tenant and seq for %s", async (_what, sql, seq) => {
    const { exit, out } = await verify(tampered(sql));
    expect(out.split("\n")[0]).toContain(`tampered: default seq ${seq}: `);
    expect(exit).toBe(1);
  });

  it("exits 1 for an edited head, a removed chain and another key", async () => {
    const edited = tampered();
    const text = readFileSync(headsOf(edited), "utf8");
    writeFileSync(headsOf(edited), text.replace(/"ts":"2/, '"ts":"3'));
    expect((await verify(edited)).exit).toBe(1);
    const sql = "DELETE FROM audit_entries; DELETE FROM audit_heads";
    const gone = await verify(tampered(sql));
    expect([gone.exit, gone.out]).toEqual([1, expect.stringContaining("tampered: default seq 1:")]);
    const other = tampered();
    const key = join(root, "state", "audit-key.pub.pem");
    writeFileSync(join(other, "audit-key.pub.pem"), otherPublicKey(readFileSync(key, "utf8")));
    expect((await verify(other)).exit).not.toBe(0);
  });

  it("exits 3 where there is no database, no database file, no heads file or no key", async () => {
    const empty = mkdtempSync(join(root, "empty-"));
    const none = await verify(empty);
    expect([none.exit, none.err]).toEqual([3, expect.stringContaining("LL_AUDITLOG_UNREADABLE")]);
    const damaged = tampered();
    writeFileSync(join(damaged, "loadline.db"), "not a database at all");
    rmSync(join(damaged, "loadline.db-wal"), { force: true });
    expect((await verify(damaged)).exit).toBe(3);
    const lost = await audit(tampered(), "verify", "--heads", "/nowhere/heads");
    expect([lost.exit, lost.err]).toEqual([3, expect.stringContaining("LL_AUDITLOG_HEADS")]);
    const keyless = tampered();
    rmSync(join(keyless, "audit-key.pub.pem"));
    const answer = await verify(keyless);
    expect([answer.exit, answer.err]).toEqual([
      3,
      expect.stringContaining("LL_AUDITLOG_PUBLIC_KEY"),
    ]);
  });
});

describe("loadline audit-log query and export", () => {
  it("finds entries by action, object, actor and time, newest first", async () => {
    const dir = tampered();
    const query = async (...argv: readonly string[]): Promise<unknown[]> => {
      const { exit, out } = await audit(dir, "query", "--json", "--tenant", "default", ...argv);
      expect(exit).toBe(0);
      const value: unknown = JSON.parse(out);
      return Array.isArray(value) ? value : [];
    };
    expect(await query("--action", "key.created")).toHaveLength(8);
    expect(await query("--object", ids[2] ?? "")).toMatchObject([{ object: { id: ids[2] } }]);
    expect(await query("--actor", "operator")).toHaveLength(8);
    expect(await query("--from", "2200-01-01T00:00:00Z")).toEqual([]);
    expect(await query("--code", "LL_AUTH_INVALID")).toEqual([]);
    const all = (await query()) as { seq: number }[];
    expect(all.map((entry) => entry.seq)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
    const text = await audit(dir, "query", "--tenant", "nobody");
    expect([text.exit, text.out]).toEqual([0, "no entries\n"]);
    expect((await audit(dir, "query", "--from", "yesterday")).exit).toBe(64);
  });

  it("exports every tenant's chain in order, one entry a line", async () => {
    const dir = tampered();
    const { out } = await audit(dir, "export");
    const entries = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { tenant: string; seq: number });
    expect(entries.map(({ tenant, seq }) => `${tenant} ${seq}`)).toHaveLength(10);
    for (const tenant of ["default", "other"]) {
      const own = entries.filter((entry) => entry.tenant === tenant).map((entry) => entry.seq);
      expect(own).toEqual(own.map((_, i) => i + 1));
    }
    const file = join(root, "out.ndjson");
    await audit(dir, "export", "--tenant", "other", "--out", file);
    expect(readFileSync(file, "utf8").trim().split("\n")).toHaveLength(
      entries.filter((entry) => entry.tenant === "other").length,
    );
  });
});

/** Some other Ed25519 key: the last byte of this one is changed. */
function otherPublicKey(pem: string): string {
  const [begin = "", body = "", end = ""] = pem.trim().split("\n");
  const der = Buffer.from(body, "base64");
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  return `${begin}\n${der.toString("base64")}\n${end}\n`;
}
