import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AuditRow } from "../state/rows.ts";
import { draftOf, sealDraft } from "./entry.ts";
import { headLine, parseHeads } from "./head.ts";
import { createHeadWriter, type HeadWriter } from "./heads.ts";
import { event, MemoryAudit } from "./memory-audit.fixture.ts";
import { createAuditMetrics } from "./metrics.ts";
import { loadSigningKey, loadVerifyingKey } from "./signing-key.ts";
import { type AuditVerdict, verifyAuditLog } from "./verify.ts";

const dayMs = 86_400_000;
const startMs = Date.parse("2026-01-01T00:00:00Z");

let dir: string;
let path: string;
let audit: MemoryAudit;
let ids = 0;

async function append(
  to: MemoryAudit,
  tenant: string,
  count: number,
  atMs = startMs,
): Promise<void> {
  const first = (await to.head(tenant)).seq;
  for (let i = 0; i < count; i++) {
    const e = event({ tenant, object: { type: "key", id: `${tenant}-${first + i + 1}` } });
    const o = { tsMs: atMs + i * 1000, eventId: `e${ids++}` };
    await to.append(tenant, [draftOf(e, o)], sealDraft);
  }
}

function writer(from: MemoryAudit, keyDir = dir): HeadWriter {
  const clock = new TestClock();
  return createHeadWriter({
    clock,
    logger: createLogger({ clock, write: () => undefined }),
    metrics: createAuditMetrics(createMetrics()),
    audit: from,
    key: loadSigningKey(keyDir),
    verifyingKey: loadVerifyingKey(keyDir),
    path,
  });
}

function verify(of: MemoryAudit, withHeads = true): Promise<AuditVerdict> {
  const heads = withHeads ? parseHeads(readFileSync(path, "utf8")) : undefined;
  return verifyAuditLog({ audit: of, heads, key: loadVerifyingKey(dir) });
}

/** The tampered copy's verdict as one text. */
async function first(of: MemoryAudit): Promise<string> {
  const { status, problems } = await verify(of);
  const named = problems.map((problem) => `${problem.tenant}:${problem.seq}`);
  return `${status} ${named.join(" ")}`;
}

const at = (of: MemoryAudit, tenant: string, seq: number): number =>
  of.rows.findIndex((row) => row.tenantId === tenant && row.seq === seq);

function change(of: MemoryAudit, seq: number, to: (row: AuditRow) => AuditRow): void {
  const i = at(of, "acme", seq);
  const row = of.rows[i];
  if (row) of.rows[i] = to(row);
}

/** Chains all rows of a tenant anew, as somebody with the database and this source could. */
function rechain(of: MemoryAudit, tenant: string): void {
  let head = { seq: 0, hash: "" };
  const own = of.rows.filter((row) => row.tenantId === tenant).sort((a, b) => a.seq - b.seq);
  of.rows = of.rows.filter((row) => row.tenantId !== tenant);
  for (const row of own) {
    const place = sealDraft(row, head);
    of.rows.push({ ...row, ...place });
    head = { seq: place.seq, hash: place.hash };
  }
}

const publicPem = (pem: string): string =>
  createPublicKey(pem).export({ type: "spki", format: "pem" }).toString();

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ll-audit-"));
  path = join(dir, "heads.ndjson");
  audit = new MemoryAudit();
  await append(audit, "acme", 12);
  await append(audit, "zeta", 4);
  const heads = writer(audit);
  await heads.sign();
  await append(audit, "acme", 8, startMs + 3 * dayMs);
  await heads.close();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("audit log verification", () => {
  it("an untouched log is intact, every entry covered by a head", async () => {
    expect(await verify(audit)).toEqual({
      status: "intact",
      problems: [],
      tenants: 2,
      entries: 24,
      purged: 0,
      covered: 24,
    });
  });

  it("without heads, or with heads that cover nothing, the log is not provable", async () => {
    expect((await verify(audit, false)).status).toBe("not_provable");
    writeFileSync(path, "");
    expect((await verify(audit)).status).toBe("not_provable");
  });

  it("case 1: a changed byte in any field of an entry or any column is named at its seq", async () => {
    const row = audit.rows[at(audit, "acme", 5)];
    const text = row?.entry ?? "";
    const members = Object.keys(JSON.parse(text) as object);
    for (const member of members) {
      const copy = audit.copy();
      const from = text.indexOf(`"${member}":`) + member.length + 3;
      const place = from + (text[from] === '"' || text[from] === "{" ? 3 : 0);
      const letter = text[place] === "7" ? "6" : "7";
      const entry = text.slice(0, place) + letter + text.slice(place + 1);
      change(copy, 5, (old) => ({ ...old, entry }));
      expect(`${member} ${await first(copy)}`).toBe(`${member} tampered acme:5`);
    }
    const columns = ["prev", "hash", "actorId", "action", "objectType", "objectId", "outcome"];
    for (const column of [...columns, "code", "requestId"]) {
      const copy = audit.copy();
      change(copy, 5, (old) => ({ ...old, [column]: "x" }));
      expect(`${column} ${await first(copy)}`).toBe(`${column} tampered acme:5`);
    }
  });

  it("case 2: a deleted entry is named", async () => {
    const copy = audit.copy();
    copy.rows.splice(at(copy, "acme", 7), 1);
    expect(await first(copy)).toBe("tampered acme:7");
  });

  it("case 3: an inserted entry is named, also when all after it is chained anew", async () => {
    const copy = audit.copy();
    const forged = copy.rows[at(copy, "acme", 3)];
    for (let seq = 20; seq >= 6; seq--) change(copy, seq, (row) => ({ ...row, seq: seq + 1 }));
    if (forged) copy.rows.push({ ...forged, seq: 6, eventId: "forged" });
    expect(await first(copy)).toBe("tampered acme:6");
    rechain(copy, "acme");
    expect(await first(copy)).toBe("tampered acme:6");
  });

  it("case 4: two swapped entries are named at the first", async () => {
    const copy = audit.copy();
    const [a, b] = [at(copy, "acme", 4), at(copy, "acme", 9)];
    const [one, other] = [copy.rows[a], copy.rows[b]];
    if (one && other) {
      copy.rows[a] = { ...other, seq: 4 };
      copy.rows[b] = { ...one, seq: 9 };
    }
    expect(await first(copy)).toBe("tampered acme:4");
    rechain(copy, "acme");
    expect(await first(copy)).toBe("tampered acme:4");
  });

  it("case 5: a cut tail is named at the first missing entry", async () => {
    const copy = audit.copy();
    copy.rows = copy.rows.filter((row) => row.tenantId !== "acme" || row.seq <= 17);
    expect(await first(copy)).toBe("tampered acme:18");
    copy.rows = copy.rows.filter((row) => row.tenantId !== "acme");
    expect(await first(copy)).toBe("tampered acme:1");
  });

  it("case 6: an entry cut out and the rest chained anew without the key is named", async () => {
    const copy = audit.copy();
    copy.rows.splice(at(copy, "acme", 15), 1);
    rechain(copy, "acme");
    expect(await first(copy)).toBe("tampered acme:15");
  });

  it("case 7: a forged chain with heads of another key that fit it is refused at its size", async () => {
    const copy = audit.copy();
    copy.rows.splice(at(copy, "zeta", 2), 1);
    rechain(copy, "zeta");
    const { privateKey } = generateKeyPairSync("ed25519");
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const other = mkdtempSync(join(tmpdir(), "ll-audit-"));
    writeFileSync(join(other, "audit-key.pem"), pem, { mode: 0o600 });
    writeFileSync(join(other, "audit-key.pub.pem"), publicPem(pem));
    writeFileSync(path, "");
    await writer(copy, other).close();
    rmSync(other, { recursive: true, force: true });
    expect(await first(copy)).toBe("tampered acme:20 zeta:3");
    // The forger may also claim to be our key.
    const id = loadVerifyingKey(dir).id;
    const { heads } = parseHeads(readFileSync(path, "utf8"));
    writeFileSync(path, heads.map((head) => headLine({ ...head, keyId: id })).join(""));
    expect(await first(copy)).toBe("tampered acme:20 zeta:3");
  });

  it("case 8: a fork from yesterday's database is named where it leaves the signed chain", async () => {
    const copy = audit.copy();
    copy.rows = copy.rows.filter((row) => row.tenantId !== "acme" || row.seq <= 12);
    await append(copy, "acme", 3, startMs + 4 * dayMs);
    expect(await first(copy)).toBe("tampered acme:13");
    await append(copy, "acme", 30, startMs + 4 * dayMs + 3000);
    await writer(copy).close();
    expect(await first(copy)).toBe("tampered acme:13");
  });

  it("case 9: an entry moved to another tenant is named in both chains", async () => {
    const copy = audit.copy();
    change(copy, 20, (row) => ({ ...row, tenantId: "zeta", seq: 5 }));
    expect(await first(copy)).toBe("tampered acme:20 zeta:5");
  });

  it("case 10: entries made with the clock set back are named, signed or not", async () => {
    const copy = audit.copy();
    await append(copy, "acme", 1, startMs);
    expect(await first(copy)).toBe("tampered acme:21");
    await writer(copy).close();
    expect(await first(copy)).toBe("tampered acme:21");
  });

  it("an entry of a second node whose clock is 50 s behind is no fault", async () => {
    const copy = audit.copy();
    await append(copy, "acme", 1, startMs + 3 * dayMs - 50_000);
    expect((await verify(copy)).status).toBe("intact");
  });

  it("case 11: a dropped day is named at its first entry, chained anew or not", async () => {
    const copy = audit.copy();
    copy.rows = copy.rows.filter((row) => row.tenantId !== "acme" || row.ts >= startMs + dayMs);
    expect(await first(copy)).toBe("tampered acme:1");
    rechain(copy, "acme");
    expect(await first(copy)).toBe("tampered acme:1");
  });

  it("case 12: an edited head is named by its size, a damaged line by its number", async () => {
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/"root":"(.)/, '"root":"0'));
    const [head] = parseHeads(text).heads;
    expect(head?.root.startsWith("0")).toBe(false);
    expect(await first(audit)).toBe("tampered acme:12");
    writeFileSync(path, text.replace(/"ts":"2/, '"ts":"3'));
    expect(await first(audit)).toBe("tampered acme:12");
    writeFileSync(path, text.replace('"v":1', '"v":2'));
    expect((await verify(audit)).problems[0]?.what).toBe("line 1 of the heads file is damaged.");
  });

  it("a head writer goes on after a restart and after a line torn by a crash", async () => {
    writeFileSync(path, `${readFileSync(path, "utf8")}{"v":1,"ten`);
    await append(audit, "zeta", 2);
    await writer(audit).close();
    const verdict = await verify(audit);
    expect([verdict.status, verdict.covered]).toEqual(["intact", 26]);
  });

  it("2,500 new entries become three heads", async () => {
    const many = new MemoryAudit();
    const drafts = Array.from({ length: 2500 }, (_, i) =>
      draftOf(event({ tenant: "t" }), { tsMs: startMs, eventId: `m${i}` }),
    );
    many.rows = [];
    let head = { seq: 0, hash: "" };
    for (const draft of drafts) {
      const place = sealDraft(draft, head);
      many.rows.push({ ...draft, ...place, tenantId: "t" });
      head = { seq: place.seq, hash: place.hash };
    }
    writeFileSync(path, "");
    await writer(many).close();
    const sizes = parseHeads(readFileSync(path, "utf8")).heads.map((h) => h.size);
    expect(sizes).toEqual([1000, 2000, 2500]);
    expect((await verify(many)).status).toBe("intact");
  });
});
