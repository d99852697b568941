import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock, TestClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { createGateway, loadConfig, operator } from "@loadline/gateway";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestHost } from "../../test/test-host.ts";
import { runCli } from "../run.ts";

const dayMs = 86_400_000;
let root: string;
const headsOf = (dir: string): string => join(dir, "heads.ndjson");

/** The machine's clock, set to another day. */
function shifted(days: number): Clock {
  const clock = systemClock();
  return {
    wallMs: () => clock.wallMs() + days * dayMs,
    monotonicMs: clock.monotonicMs,
    after: clock.after,
    sleep: clock.sleep,
  };
}

/** A gateway lives on that day for as long as it takes to make some keys. */
async function recordKeys(stateDir: string, o: { days: number; keys: number }): Promise<void> {
  const overrides = { stateDir, listen: { port: 0 }, auditLog: { heads: headsOf(stateDir) } };
  const config = loadConfig(undefined, {}, overrides);
  const deps = { clock: shifted(o.days), random: systemRandom(), log: () => undefined };
  const gateway = await createGateway(config, deps);
  if (o.days === -500) {
    await gateway.identity.tenants.create(operator(), { id: "other" });
    await gateway.identity.keys.create(operator(), { name: "other", tenantId: "other" });
  }
  for (let i = 0; i < o.keys; i++)
    await gateway.identity.keys.create(operator(), {
      name: `d${o.days}-${i}`,
      tenantId: "default",
    });
  await gateway.close({ graceMs: 0 });
}

async function audit(dir: string, ...argv: readonly string[]) {
  const clock = new TestClock(systemClock().wallMs());
  const host = createTestHost(["audit-log", ...argv, "--state", dir], { cwd: root, clock });
  const exit = await runCli(host);
  return { exit, out: host.out(), err: host.err() };
}

const withHeads = (dir: string, what: string, ...argv: readonly string[]) =>
  audit(dir, what, "--heads", headsOf(dir), ...argv);

/** A copy of the recorded state directory, changed by SQL. */
function copy(sql = "", of = join(root, "state")): string {
  const dir = mkdtempSync(join(root, "copy-"));
  cpSync(of, dir, { recursive: true });
  change(dir, sql);
  return dir;
}

function change(dir: string, sql: string): void {
  const db = new DatabaseSync(join(dir, "loadline.db"));
  db.exec(sql);
  db.close();
}

async function purged(sql = ""): Promise<string> {
  const dir = copy();
  expect((await withHeads(dir, "purge", "--yes")).exit).toBe(0);
  change(dir, sql);
  return dir;
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "ll-audit-keep-"));
  const stateDir = join(root, "state");
  // Entries of three days: far behind the retention, within it, and today's.
  await recordKeys(stateDir, { days: -500, keys: 3 });
  await recordKeys(stateDir, { days: -100, keys: 2 });
  await recordKeys(stateDir, { days: 0, keys: 3 });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function seqsOf(dir: string): Promise<number[]> {
  const { out } = await audit(dir, "query", "--json", "--tenant", "default", "--after", "0");
  return (JSON.parse(out) as { seq: number }[]).map(({ seq }) => seq);
}

describe("loadline audit-log prove", () => {
  it("proves each entry under a signed head; the proof holds with the public key alone", async () => {
    const dir = copy();
    const seqs = await seqsOf(dir);
    expect(seqs.length).toBeGreaterThanOrEqual(8);
    const key = join(dir, "audit-key.pub.pem");
    for (const seq of seqs) {
      const file = join(root, `proof-${seq}.json`);
      const made = await withHeads(
        dir,
        "prove",
        "--tenant",
        "default",
        "--seq",
        `${seq}`,
        "--out",
        file,
      );
      expect([made.exit, made.err]).toEqual([0, ""]);
      const nowhere = mkdtempSync(join(root, "nowhere-"));
      const check = await audit(nowhere, "prove", "--check", file, "--key", key);
      expect([check.exit, check.out]).toEqual([0, "the proof holds\n"]);
    }
  });

  it("a proof whose entry, number, path, root or signature was changed does not hold", async () => {
    const dir = copy();
    const { out } = await withHeads(dir, "prove", "--tenant", "default", "--seq", "5");
    /** Another one of its kind in the place of a text's last letter. */
    const another = (text: string): string =>
      `${text.slice(0, -1)}${text.endsWith("1") ? "2" : "1"}`;
    const changes: readonly (readonly [RegExp, typeof another, string])[] = [
      [/operator/, () => "somebody", "the entry was changed"],
      [
        /"seq":5,"head"/,
        () => '"seq":6,"head"',
        "the document is no proof|another number|no proof",
      ],
      [/"path":\["[0-9a-f]{4}/, another, "does not lead to the root"],
      [/"root":"[0-9a-f]{4}/, another, "not signed by this key"],
      [/"sig":"..../, another, "not signed by this key"],
    ];
    for (const [pattern, change, why] of changes) {
      const file = join(root, "changed.json");
      const other = out.replace(pattern, change);
      writeFileSync(file, other);
      const check = await audit(dir, "prove", "--check", file);
      expect(other, String(pattern)).not.toBe(out);
      expect(check.exit, String(pattern)).toBe(1);
      expect(check.out).toMatch(new RegExp(why));
    }
    writeFileSync(join(root, "changed.json"), "not json");
    expect((await audit(dir, "prove", "--check", join(root, "changed.json"))).exit).toBe(1);
    expect((await audit(dir, "prove", "--check", join(root, "absent.json"))).exit).toBe(64);
  });

  it("proves that an earlier head's log is the beginning of the last one's", async () => {
    const dir = copy();
    const file = join(root, "growth.json");
    const made = await withHeads(dir, "prove", "--tenant", "default", "--out", file);
    expect([made.exit, made.out]).toEqual([0, expect.stringContaining("consistency proof")]);
    expect((await audit(dir, "prove", "--check", file)).exit).toBe(0);
    const text = readFileSync(file, "utf8");
    const proof = JSON.parse(text) as { first: { size: number }; second: { size: number } };
    expect(proof.first.size).toBeLessThan(proof.second.size);
    const other = { ...proof, first: proof.second, second: proof.first };
    writeFileSync(file, JSON.stringify(other));
    expect((await audit(dir, "prove", "--check", file)).exit).toBe(1);
  });

  it("hands out no proof of a changed, unsigned or absent entry", async () => {
    const at = "WHERE tenant_id = 'default' AND seq = 3";
    const bad = copy(`UPDATE audit_entries SET hash = '${"0".repeat(64)}' ${at}`);
    const prove = (dir: string, ...argv: readonly string[]) =>
      withHeads(dir, "prove", "--tenant", "default", ...argv);
    expect(await prove(bad, "--seq", "5")).toMatchObject({
      exit: 2,
      err: expect.stringContaining("LL_AUDITLOG_PROOF"),
    });
    expect((await prove(copy(), "--seq", "999")).exit).toBe(2);
    expect((await prove(copy(), "--size", "999")).exit).toBe(2);
    expect((await audit(copy(), "prove", "--tenant", "default", "--seq", "1")).exit).toBe(2);
    expect((await prove(copy(), "--seq", "1", "--size", "1")).exit).toBe(64);
    expect((await prove(copy(`DELETE FROM audit_entries ${at}`), "--seq", "5")).exit).toBe(2);
  });
});

describe("loadline audit-log purge", () => {
  it("shows what is past its retention, and removes it with --yes alone", async () => {
    const dir = copy();
    const before = await seqsOf(dir);
    const shown = await withHeads(dir, "purge");
    expect(shown.out).toMatch(/^would remove \S+ entries 1 to \d+\n/);
    expect(await seqsOf(dir)).toEqual(before);
    const done = await withHeads(dir, "purge", "--yes", "--json");
    const { removed, chains } = JSON.parse(done.out) as {
      removed: boolean;
      chains: { tenant: string; through: number }[];
    };
    expect([done.exit, removed]).toEqual([0, true]);
    const own = chains.find(({ tenant }) => tenant === "default");
    expect(await seqsOf(dir)).toEqual(before.filter((seq) => seq > (own?.through ?? 0)));
    expect(own?.through).toBeGreaterThanOrEqual(3);
    expect((await withHeads(dir, "purge", "--yes")).out).toBe("nothing is past its retention\n");
    const act = await audit(dir, "query", "--action", "audit.purged");
    expect(act.out).toContain('"id":"default"');
  });

  it("keeps what is younger, whatever --before says, and less when it says so", async () => {
    const dir = copy();
    const old = new Date(systemClock().wallMs() - 600 * dayMs).toISOString();
    expect((await withHeads(dir, "purge", "--yes", "--before", old)).out).toContain("nothing");
    const now = new Date(systemClock().wallMs()).toISOString();
    await withHeads(dir, "purge", "--yes", "--before", now);
    const left = await seqsOf(dir);
    // The entries of 100 days ago and of today are still there.
    expect(left.length).toBeGreaterThanOrEqual(5);
  });

  it("keeps as many days as auditLog.retentionDays says, which is never below 90", async () => {
    const dir = copy();
    const config = join(dir, "loadline.yaml");
    const purge = (days: number) => {
      writeFileSync(config, `auditLog:\n  retentionDays: ${days}\n`);
      return withHeads(dir, "purge", "--config", config);
    };
    expect((await purge(600)).out).toBe("nothing is past its retention\n");
    const [some, more] = [await purge(365), await purge(90)].map(({ out }) =>
      Number(/default entries 1 to (\d+)/.exec(out)?.[1]),
    );
    expect(more).toBeGreaterThan(some ?? Number.NaN);
    expect((await purge(89)).exit).toBe(78);
  });

  it("leaves a log that verifies from the checkpoint on, whose entries are still provable [R2-48]", async () => {
    const dir = await purged();
    const verdict = await withHeads(dir, "verify");
    expect([verdict.exit, verdict.out]).toEqual([
      0,
      expect.stringMatching(/^intact: .* removed behind signed checkpoints\n$/),
    ]);
    for (const seq of await seqsOf(dir)) {
      const made = await withHeads(dir, "prove", "--tenant", "default", "--seq", `${seq}`);
      expect([made.exit, made.err]).toEqual([0, ""]);
    }
    expect((await withHeads(dir, "prove", "--tenant", "default", "--seq", "1")).exit).toBe(2);
    const out = join(dir, "export.ndjson");
    await withHeads(dir, "export", "--out", out);
    expect(readFileSync(`${out}.checkpoints`, "utf8")).toContain('"tenant":"default"');
    expect(readFileSync(`${out}.heads`)).toEqual(readFileSync(headsOf(dir)));
  });

  it("a gateway that goes on after it signs heads that continue the old ones, or begin anew", async () => {
    const dir = await purged();
    await recordKeys(dir, { days: 0, keys: 2 });
    expect((await withHeads(dir, "verify")).exit).toBe(0);
    rmSync(headsOf(dir));
    await recordKeys(dir, { days: 0, keys: 1 });
    expect((await withHeads(dir, "verify")).out).toMatch(/^intact/);
  });

  const cases: readonly (readonly [string, string])[] = [
    ["a removed checkpoint", "DELETE FROM store_facts WHERE name = 'audit.checkpoint.default'"],
    [
      "an edited checkpoint",
      `UPDATE store_facts SET value = replace(value, '"size":', '"size":1')
       WHERE name = 'audit.checkpoint.default'`,
    ],
    [
      "another tenant's checkpoint",
      `UPDATE store_facts SET value = (SELECT value FROM store_facts
         WHERE name = 'audit.checkpoint.other') WHERE name = 'audit.checkpoint.default'`,
    ],
    [
      "the first entry that stayed, removed",
      `DELETE FROM audit_entries WHERE tenant_id = 'default'
         AND seq = (SELECT min(seq) FROM audit_entries WHERE tenant_id = 'default')`,
    ],
    ["a cut tail", "DELETE FROM audit_entries WHERE tenant_id = 'default'"],
  ];
  it.each(cases)("afterwards, %s is still named", async (_what, sql) => {
    const dir = await purged(sql);
    const { exit, out } = await withHeads(dir, "verify");
    expect([exit, out]).toEqual([1, expect.stringContaining("tampered: default seq ")]);
  });

  it("refuses to remove anything of a log that is not what was written", async () => {
    const at = "WHERE tenant_id = 'default' AND seq = 2";
    const dir = copy(
      `UPDATE audit_entries SET entry = replace(entry, 'operator', 'operat0r') ${at}`,
    );
    const before = await seqsOf(dir);
    const { exit, err } = await withHeads(dir, "purge", "--yes");
    expect([exit, err]).toEqual([1, expect.stringContaining("LL_AUDITLOG_TAMPERED default seq 2")]);
    expect(await seqsOf(dir)).toEqual(before);
  });
});

describe("loadline audit-log query", () => {
  it("pages oldest first after a number, at most --limit entries each", async () => {
    const dir = copy();
    const page = async (after: number): Promise<number[]> => {
      const argv = ["--json", "--tenant", "default", "--after", `${after}`, "--limit", "2"];
      const { out } = await audit(dir, "query", ...argv);
      return (JSON.parse(out) as { seq: number }[]).map(({ seq }) => seq);
    };
    expect([await page(0), await page(2)]).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect((await audit(dir, "query", "--limit", "1001")).exit).toBe(64);
  });
});
