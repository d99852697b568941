import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteStore } from "../state/sqlite/open.ts";
import type { Store } from "../state/store.ts";
import { chainBegin, checkpointText, readCheckpoint, startOf } from "./checkpoint.ts";
import { draftOf, sealDraft } from "./entry.ts";
import { event } from "./memory-audit.fixture.ts";
import { planPurge, purgeChain, type PurgeInput, retentionLimitMs } from "./purge.ts";
import { loadSigningKey, loadVerifyingKey } from "./signing-key.ts";

const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 0, 1);
const tenant = "acme";
let dir: string;
let store: Store;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ll-purge-"));
  store = openSqliteStore(join(dir, "loadline.db"), new TestClock());
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Appends so many entries, the first at `atMs`, one each `everyMs`. */
async function append(count: number, atMs: number, everyMs: number): Promise<void> {
  const drafts = Array.from({ length: count }, (_, i) =>
    draftOf(event({ tenant }), { tsMs: atMs + i * everyMs, eventId: `${atMs}-${i}` }),
  );
  for (let i = 0; i < count; i += 1000)
    await store.repositories.audit.append(tenant, drafts.slice(i, i + 1000), sealDraft);
}

function input(o: Partial<PurgeInput> = {}): PurgeInput {
  const beforeMs = startMs + 5 * dayMs;
  const given = { clock: new TestClock(startMs + 100 * dayMs), store, key: loadSigningKey(dir) };
  return { ...given, beforeMs, tenant, start: chainBegin, covered: undefined, ...o };
}

async function seqs(): Promise<number[]> {
  return (await store.repositories.audit.query({ tenantId: tenant })).map(({ seq }) => seq);
}

async function checkpoint() {
  const text = (await checkpointText(store.repositories.facts, tenant)) ?? "";
  return readCheckpoint(text, tenant, loadVerifyingKey(dir));
}

describe("removing the oldest entries", () => {
  it("takes whole days up to the limit, one at the limit stays, and the act is on record", async () => {
    await append(8, startMs, dayMs);
    expect(await planPurge(input())).toEqual({ tenant, from: 1, through: 5 });
    expect(await seqs()).toHaveLength(8);
    expect(await purgeChain(input())).toEqual({ tenant, from: 1, through: 5 });
    expect(await seqs()).toEqual([6, 7, 8]);
    const [act] = await store.repositories.audit.query({ tenantId: "*" });
    expect(JSON.parse(act?.entry ?? "{}")).toMatchObject({
      action: "audit.purged",
      object: { type: "tenant", id: tenant },
      detail: { from: 1, through: 5, before: "2026-01-06" },
    });
  });

  it("takes nothing that no signed head covers", async () => {
    await append(8, startMs, dayMs);
    expect(await planPurge(input({ covered: 0 }))).toBe(undefined);
    expect(await purgeChain(input({ covered: 0 }))).toBe(undefined);
    expect(await purgeChain(input({ covered: 3 }))).toEqual({ tenant, from: 1, through: 3 });
    expect(await seqs()).toEqual([4, 5, 6, 7, 8]);
  });

  it("goes on behind its own checkpoint, and takes along rows that a cut purge left there", async () => {
    await append(8, startMs, dayMs);
    await purgeChain(input({ covered: 3 }));
    const start = startOf(await checkpoint());
    expect(start.seq).toBe(3);
    expect(await purgeChain(input({ start }))).toEqual({ tenant, from: 4, through: 5 });
    expect((await checkpoint())?.size).toBe(5);
    expect(await purgeChain(input({ start: startOf(await checkpoint()) }))).toBe(undefined);
    const late = { ...startOf(await checkpoint()), seq: 6, prev: "" };
    expect(await purgeChain(input({ start: { ...late, edge: fourAndTwo() } }))).toBe(undefined);
    expect(await seqs()).toEqual([7, 8]);
  });

  it("2,500 entries go in pages, up to the last one", async () => {
    await append(2500, startMs, 1);
    await append(1, startMs + 6 * dayMs, 1);
    expect(await purgeChain(input())).toEqual({ tenant, from: 1, through: 2500 });
    expect(await seqs()).toEqual([2501]);
  });

  it("refuses a chain that is not whole, and removes nothing of it", async () => {
    await append(8, startMs, dayMs);
    const torn = { seq: 1, prev: "f".repeat(64), edge: [Buffer.alloc(32)] };
    const refused = expect.objectContaining({ code: "LL_AUDITLOG_TAMPERED" });
    await expect(planPurge(input({ start: torn }))).rejects.toThrow(refused);
    await expect(purgeChain(input({ start: torn }))).rejects.toThrow(refused);
    expect(await seqs()).toHaveLength(8);
    expect(await checkpoint()).toBe(undefined);
  });
});

/** The right edge of some tree of six. */
const fourAndTwo = (): Buffer[] => [Buffer.alloc(32, 4), Buffer.alloc(32, 2)];

describe("the limit of a retention", () => {
  it("is the last UTC midnight that lies so many days back", () => {
    const noon = startMs + 100 * dayMs + dayMs / 2;
    expect(retentionLimitMs(noon, 90)).toBe(startMs + 10 * dayMs);
    expect(retentionLimitMs(startMs + 100 * dayMs, 90)).toBe(startMs + 10 * dayMs);
    expect(retentionLimitMs(startMs + 100 * dayMs - 1, 90)).toBe(startMs + 9 * dayMs);
  });
});
