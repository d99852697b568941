import { expect, it } from "vitest";
import { aBatch, aDraft, aKey, aUsage, codeOf, seal } from "./rows.fixture.ts";
import type { Store } from "./store.ts";

export function auditSuite(store: () => Store): void {
  it("20 batches at once make one chain without a gap or a fork", async () => {
    const { audit } = store().repositories;
    const batches = Array.from({ length: 20 }, (_, i) => [aDraft(`e${i}a`), aDraft(`e${i}b`)]);
    await Promise.all(batches.map((batch) => audit.append("chain", batch, seal)));
    const rows = await audit.query({ tenantId: "chain" });
    expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    rows.forEach((row, i) => expect(row.prev).toBe(i === 0 ? "" : rows[i - 1]?.hash));
    expect(await audit.head("chain")).toEqual({ seq: 40, hash: rows.at(-1)?.hash });
  });

  it("an event that is in the chain is not appended again", async () => {
    const { audit } = store().repositories;
    const head = await audit.append("once", [aDraft("x"), aDraft("x"), aDraft("y")], seal);
    expect(head.seq).toBe(2);
    expect(await audit.append("once", [aDraft("x"), aDraft("z")], seal)).toMatchObject({ seq: 3 });
    expect((await audit.query({ tenantId: "once" })).map((row) => row.eventId)).toEqual([
      "x",
      "y",
      "z",
    ]);
    expect((await audit.append("once", [], seal)).seq).toBe(3);
  });

  it("the oldest entries are removed up to a number, 5,000 at once, and the chain goes on", async () => {
    const { audit } = store().repositories;
    for (let i = 0; i < 6; i++) {
      const drafts = Array.from({ length: 1000 }, (_, k) => aDraft(`p${i}-${k}`));
      await audit.append("purged", drafts, seal);
    }
    await audit.append("beside", [aDraft("stays")], seal);
    expect(await audit.purge("purged", 5990)).toBe(5000);
    expect(await audit.purge("purged", 5990)).toBe(990);
    expect(await audit.purge("purged", 5990)).toBe(0);
    expect(await audit.purge("nobody", 10)).toBe(0);
    const left = await audit.query({ tenantId: "purged" });
    expect(left.map((row) => row.seq)).toEqual(Array.from({ length: 10 }, (_, i) => 5991 + i));
    const next = await audit.append("purged", [aDraft("after")], seal);
    expect(next.seq).toBe(6001);
    expect(await audit.query({ tenantId: "beside" })).toHaveLength(1);
  });

  it("an entry and the change it tells of are one transaction", async () => {
    const { audit, keys } = store().repositories;
    const failed = store().transaction(async (r) => {
      await r.keys.insert(aKey("audited00000"));
      await r.audit.append("tx", [aDraft("made")], () => {
        throw new RangeError("no seal");
      });
    });
    await expect(failed).rejects.toThrow(RangeError);
    expect(await keys.find("audited00000")).toBeUndefined();
    expect(await audit.head("tx")).toEqual({ seq: 0, hash: "" });
  });
}

export function auditQuerySuite(store: () => Store): void {
  it("is asked by actor, action, object, code, time and page, in both directions", async () => {
    const { audit } = store().repositories;
    const drafts = [
      aDraft("1", { ts: 10, actorId: "ann", code: "LL_AUTHZ_DENIED", outcome: "denied" }),
      aDraft("2", { ts: 20, action: "key.revoked", requestId: "req_1" }),
      aDraft("3", { ts: 30, objectId: "k9" }),
    ];
    await audit.append("asked", drafts, seal);
    const ids = async (filter: object): Promise<string[]> =>
      (await audit.query({ tenantId: "asked", ...filter })).map((row) => row.eventId);
    expect(await ids({ actorId: "ann" })).toEqual(["1"]);
    expect(await ids({ code: "LL_AUTHZ_DENIED", outcome: "denied" })).toEqual(["1"]);
    expect(await ids({ action: "key.revoked" })).toEqual(["2"]);
    expect(await ids({ objectType: "key", objectId: "k9" })).toEqual(["3"]);
    expect(await ids({ fromMs: 20, toMs: 30 })).toEqual(["2"]);
    expect(await ids({ afterSeq: 1, limit: 1 })).toEqual(["2"]);
    expect(await ids({ order: "desc" })).toEqual(["3", "2", "1"]);
    expect(await ids({ throughSeq: 2, order: "desc", limit: 1 })).toEqual(["2"]);
    const [row] = await audit.query({ tenantId: "asked", action: "key.revoked" });
    expect(row).toMatchObject({ requestId: "req_1", tenantId: "asked" });
    expect(row && "code" in row).toBe(false);
    expect((await audit.heads()).map((head) => head.tenantId)).toContain("asked");
  });
}

export function usageSuite(store: () => Store): void {
  it("a batch counts once, however often it is sent", async () => {
    const { usage } = store().repositories;
    const batch = aBatch(aUsage("a"), aUsage("b"));
    expect(await usage.append(batch)).toBe(true);
    expect(await usage.append(batch)).toBe(false);
    expect(await usage.append(aBatch(aUsage("c")))).toBe(true);
    const [sum] = await usage.sums([], { tenantId: "t1" });
    expect(sum).toEqual({
      group: [],
      requests: 3,
      inputTokens: 30,
      cachedTokens: 3,
      outputTokens: 15,
      reasoningTokens: 6,
      costNano: 3_000_000_021,
    });
  });

  it("sums by key, tenant, model and day within the times asked for", async () => {
    const { usage } = store().repositories;
    const day = 86_400_000;
    const at = Date.UTC(2026, 1, 1);
    const rows = [
      aUsage("s1", { tenantId: "s", keyId: "k1", model: "m1", at }),
      aUsage("s2", { tenantId: "s", keyId: "k2", model: "m1", at: at + day - 1 }),
      aUsage("s3", { tenantId: "s", keyId: "k2", model: "m2", at: at + day }),
    ];
    await usage.append(aBatch(...rows));
    const groups = async (...by: ("keyId" | "model" | "day")[]): Promise<unknown> =>
      (await usage.sums(by, { tenantId: "s" })).map((sum) => [...sum.group, sum.requests]);
    expect(await groups("keyId")).toEqual([
      ["k1", 1],
      ["k2", 2],
    ]);
    expect(await groups("day", "model")).toEqual([
      ["2026-02-01", "m1", 2],
      ["2026-02-02", "m2", 1],
    ]);
    const minute = 60_000;
    const where = { tenantId: "s", fromMs: at + minute, toMs: at + day };
    expect((await usage.sums([], where))[0]?.requests).toBe(1);
    const none = await usage.sums([], { tenantId: "nobody" });
    expect(none[0]).toMatchObject({ requests: 0, costNano: 0 });
  });
}

export function boundSuite(store: () => Store): void {
  it("2,000 records fit into one batch, 2,001 are refused", async () => {
    const { usage } = store().repositories;
    const rows = Array.from({ length: 2001 }, (_, i) => aUsage(`big${i}`, { tenantId: "big" }));
    expect(await codeOf(usage.append(aBatch(...rows)))).toBe("LL_STATE_FIELD");
    expect(await usage.append(aBatch(...rows.slice(1)))).toBe(true);
    expect((await usage.sums([], { tenantId: "big" }))[0]?.requests).toBe(2000);
  });

  it("50 additions at once to one budget sum up exactly", async () => {
    const { budgets } = store().repositories;
    const row = { budgetId: "b", period: "2026-01", updatedAt: 1 };
    const adds = Array.from({ length: 50 }, (_, i) => [
      { ...row, spentNano: i },
      { ...row, spentNano: 1 },
    ]);
    await Promise.all(adds.map((rows) => budgets.add(rows)));
    await budgets.add([{ ...row, period: "total", spentNano: 5 }]);
    await budgets.add([{ ...row, period: "total", spentNano: -2 }]);
    expect(await budgets.spent(["2026-01"])).toEqual([{ ...row, spentNano: 1225 + 50 }]);
    expect((await budgets.spent(["2026-01", "total"])).map((one) => one.spentNano)).toEqual([
      1275, 3,
    ]);
  });
}
