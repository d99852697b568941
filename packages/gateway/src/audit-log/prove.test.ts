import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMerkleTree } from "@loadline/kit/merkle";
import { createMetrics } from "@loadline/kit/metrics";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chainBegin, type ChainStart } from "./checkpoint.ts";
import { draftOf, sealDraft } from "./entry.ts";
import { type HeadFile, parseHeads } from "./head.ts";
import { createHeadWriter } from "./heads.ts";
import { event, MemoryAudit } from "./memory-audit.fixture.ts";
import { createAuditMetrics } from "./metrics.ts";
import { type AuditProof, faultOfProof, proveConsistency, proveEntry } from "./prove.ts";
import { loadSigningKey, loadVerifyingKey, type VerifyingKey } from "./signing-key.ts";

const audit = new MemoryAudit();
let dirs: string[];
let heads: HeadFile;
let key: VerifyingKey;
let ids = 0;

async function append(tenant: string, count: number): Promise<void> {
  const drafts = Array.from({ length: count }, () =>
    draftOf(event({ tenant }), { tsMs: ids, eventId: `e${ids++}` }),
  );
  await audit.append(tenant, drafts, sealDraft);
}

/** acme: heads of 5, 9 and 12 entries and 2 without one; zeta: one of 5. */
beforeAll(async () => {
  dirs = [0, 1].map(() => mkdtempSync(join(tmpdir(), "ll-prove-")));
  const [dir = "", foreign = ""] = dirs;
  const path = join(dir, "heads.ndjson");
  const clock = new TestClock();
  const writer = createHeadWriter({
    clock,
    logger: createLogger({ clock, write: () => undefined }),
    metrics: createAuditMetrics(createMetrics()),
    audit,
    key: loadSigningKey(dir),
    verifyingKey: loadVerifyingKey(dir),
    path,
  });
  await append("zeta", 5);
  for (const count of [5, 4, 3]) {
    await append("acme", count);
    await writer.sign();
  }
  await writer.close();
  await append("acme", 2);
  heads = parseHeads(readFileSync(path, "utf8"));
  key = loadVerifyingKey(dir);
  loadSigningKey(foreign);
});
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

const input = (tenant = "acme", start: ChainStart = chainBegin, from = audit) => ({
  audit: from,
  heads,
  key,
  tenant,
  start,
});
const fault = (proof: object, by = key): string | undefined =>
  faultOfProof(JSON.stringify(proof), by);
const noProof = (why: string): unknown =>
  expect.objectContaining({
    code: "LL_AUDITLOG_PROOF",
    message: expect.stringContaining(why) as unknown,
  });

/** The chain as it is from `seq` + 1 on, and where that begins. */
function cutAt(seq: number): ChainStart {
  const tree = createMerkleTree(0, []);
  const own = audit.rows.filter((row) => row.tenantId === "acme" && row.seq <= seq);
  for (const { hash } of own) tree.add(Buffer.from(hash, "hex"));
  return { seq, prev: own.at(-1)?.hash ?? "", edge: tree.edge() };
}

async function entryProof(seq: number, tenant = "acme") {
  const proof = await proveEntry(input(tenant), seq);
  if (proof.kind !== "inclusion") throw new Error(proof.kind);
  return proof;
}

async function growthProof(size?: number) {
  const proof: AuditProof = await proveConsistency(input(), size);
  if (proof.kind !== "consistency") throw new Error(proof.kind);
  return proof;
}

describe("the proof of an entry", () => {
  it("stands under the smallest signed head that covers it, for each that one covers", async () => {
    const sizes: number[] = [];
    for (let seq = 1; seq <= 12; seq++) {
      const proof = await entryProof(seq);
      expect(fault(proof)).toBe(undefined);
      sizes.push(proof.head.size);
    }
    expect(sizes).toEqual([5, 5, 5, 5, 5, 9, 9, 9, 9, 12, 12, 12]);
    await expect(entryProof(13)).rejects.toThrow(noProof("no signed head"));
    await expect(entryProof(1, "nobody")).rejects.toThrow(noProof("no signed head"));
  });

  it("changed in any part holds no more, and says which", async () => {
    const proof = await entryProof(5);
    const [theirs, next] = [await entryProof(5, "zeta"), await entryProof(4)];
    const cases: readonly (readonly [object, string])[] = [
      [{ entry: proof.entry.replace("key.created", "key.revoked") }, "the entry was changed."],
      [{ entry: "[]" }, "the entry is no JSON object."],
      [{ entry: theirs.entry }, "the entry belongs to another tenant."],
      [{ seq: 4 }, "the entry has another number."],
      [{ entry: next.entry, seq: 4 }, "the path does not lead to the root that was signed."],
      [{ path: proof.path.slice(1) }, "the path does not lead to the root that was signed."],
      [{ head: { ...proof.head, root: "0".repeat(64) } }, "a head is not signed by this key."],
      [{ v: 2 }, "the document is no proof."],
      [{ more: 1 }, "the document is no proof."],
      [{ kind: "other" }, "the document is no proof."],
    ];
    for (const [change, said] of cases) expect(fault({ ...proof, ...change })).toBe(said);
    expect(faultOfProof("{", key)).toBe("the document is no proof.");
  });

  it("holds under no other key", async () => {
    const other = loadVerifyingKey(dirs[1] ?? "");
    expect(fault(await entryProof(5), other)).toBe("a head is not signed by this key.");
    expect(fault(await growthProof(), other)).toBe("a head is not signed by this key.");
  });

  it("of what a checkpoint stands for is refused; what is behind it is proven from it", async () => {
    const start = cutAt(6);
    const rest = audit.copy();
    await rest.purge("acme", 6);
    for (const seq of [5, 6])
      await expect(proveEntry(input("acme", start, rest), seq)).rejects.toThrow(noProof("removed"));
    for (const seq of [7, 9, 12])
      expect(fault(await proveEntry(input("acme", start, rest), seq))).toBe(undefined);
  });

  it("is not handed out of a chain that lacks an entry or holds a changed one", async () => {
    const cut = audit.copy();
    cut.rows = cut.rows.filter((row) => row.tenantId !== "acme" || row.seq !== 3);
    await expect(proveEntry(input("acme", chainBegin, cut), 5)).rejects.toThrow(noProof("missing"));
    const short = audit.copy();
    short.rows = short.rows.filter((row) => row.tenantId !== "acme" || row.seq < 5);
    await expect(proveEntry(input("acme", chainBegin, short), 2)).rejects.toThrow(
      noProof("missing"),
    );
    const forged = audit.copy();
    forged.rows = forged.rows.map((row) =>
      row.tenantId === "acme" && row.seq === 3 ? { ...row, hash: "0".repeat(64) } : row,
    );
    await expect(proveEntry(input("acme", chainBegin, forged), 5)).rejects.toThrow(noProof("path"));
  });
});

describe("the proof that a log only grew", () => {
  it("is between the oldest head, or that of a size, and the newest", async () => {
    for (const [size, first] of [[undefined, 5] as const, [9, 9] as const, [12, 12] as const]) {
      const proof = await growthProof(size);
      expect([proof.first.size, proof.second.size, fault(proof)]).toEqual([first, 12, undefined]);
    }
    await expect(growthProof(7)).rejects.toThrow(noProof("no such signed head"));
  });

  it("begins behind a checkpoint where there is one", async () => {
    const proof = await proveConsistency(input("acme", cutAt(6)), undefined);
    expect([proof.kind === "consistency" && proof.first.size, fault(proof)]).toEqual([
      9,
      undefined,
    ]);
  });

  it("of two tenants, backwards, or by another path holds not", async () => {
    const proof = await growthProof();
    const { head: theirs } = await entryProof(5, "zeta");
    const notGrown = "the first log is not the beginning of the second.";
    expect(fault({ ...proof, first: theirs })).toBe("the heads belong to two tenants.");
    expect(fault({ ...proof, first: proof.second, second: proof.first })).toBe(notGrown);
    expect(fault({ ...proof, path: proof.path.toReversed() })).toBe(notGrown);
    expect(fault({ ...proof, path: [] })).toBe(notGrown);
  });
});
