import { describe, expect, it } from "vitest";
import { auditQuerySuite, auditSuite, boundSuite, usageSuite } from "./record-suite.fixture.ts";
import { aKey, codeOf } from "./rows.fixture.ts";
import type { KeyRow } from "./rows.ts";
import type { Store } from "./store.ts";

/** What every store keeps to; `open` gives an empty one, which the suite shares and ends. */
export function repositorySuite(name: string, store: () => Store): void {
  describe(`keys on ${name}`, () => {
    keySuite(store);
    keyListSuite(store);
  });
  describe(`principals, grants and tenants on ${name}`, () => {
    identitySuite(store);
  });
  describe(`events and transactions on ${name}`, () => {
    eventSuite(store);
    isolationSuite(store);
    feedSuite(store);
  });
  describe(`the audit chain on ${name}`, () => {
    auditSuite(store);
    auditQuerySuite(store);
  });
  describe(`usage and budgets on ${name}`, () => {
    usageSuite(store);
    boundSuite(store);
  });
}

function keySuite(store: () => Store): void {
  it("every field comes back as it was given, and absent ones stay absent", async () => {
    const { keys } = store().repositories;
    const full = aKey("full00000000", {
      ownerId: "p1",
      oldDigest: new Uint8Array(32).fill(9),
      oldPepperVersion: 1,
      overlapUntil: 5,
      rotatedAt: 4,
      notBefore: 1,
      expiresAt: 2 ** 45,
      permissions: ["inference:call"],
      models: ["a", 'b"\\'],
      routes: [],
      ips: ["10.0.0.0/8"],
      budgetId: "b",
      rateId: "r",
      boundTo: "spiffe://x/y",
      pepperVersion: 2,
    });
    await keys.insert(full);
    await keys.insert(aKey("bare00000000"));
    const found = await keys.find("full00000000");
    expect({
      ...found,
      digest: [...(found?.digest ?? [])],
      oldDigest: [...(found?.oldDigest ?? [])],
    }).toEqual({ ...full, digest: [...full.digest], oldDigest: [...(full.oldDigest ?? [])] });
    const bare = await keys.find("bare00000000");
    expect(Object.entries(bare ?? {}).filter(([, value]) => value === null)).toEqual([]);
    expect(bare?.models).toBeUndefined();
    expect(await keys.find("none00000000")).toBeUndefined();
  });

  it("an id that exists is a conflict and changes nothing", async () => {
    const { keys } = store().repositories;
    await keys.insert(aKey("twice0000000"));
    expect(await codeOf(keys.insert(aKey("twice0000000", { name: "other" })))).toBe(
      "LL_STATE_CONFLICT",
    );
    expect((await keys.find("twice0000000"))?.name).toBe("key twice0000000");
  });

  it("an update changes the named fields, clears those given as undefined, raises the epoch", async () => {
    const { keys } = store().repositories;
    await keys.insert(aKey("change000000", { budgetId: "b", models: ["m"] }));
    const changed = await keys.update("change000000", {
      revokedAt: 9,
      revokedReason: "left",
      budgetId: undefined,
      models: ["n"],
    });
    expect(changed).toMatchObject({ revokedAt: 9, revokedReason: "left", models: ["n"], epoch: 2 });
    expect(changed?.budgetId).toBeUndefined();
    expect(await keys.update("none00000000", { name: "x" })).toBeUndefined();
  });

  it("50 updates at once raise the epoch by exactly 50", async () => {
    const { keys } = store().repositories;
    await keys.insert(aKey("epoch0000000"));
    const names = Array.from({ length: 50 }, (_, i) => `n${i}`);
    await Promise.all(names.map((one) => keys.update("epoch0000000", { name: one })));
    expect((await keys.find("epoch0000000"))?.epoch).toBe(51);
  });
}

function keyListSuite(store: () => Store): void {
  it("lists by tenant and owner in pages that neither skip nor repeat", async () => {
    const { keys } = store().repositories;
    const ids = ["pageA0000000", "pageB0000000", "pagea0000000", "pageb0000000", "page_0000000"];
    for (const id of ids) await keys.insert(aKey(id, { tenantId: "paged", ownerId: "o" }));
    const seen: string[] = [];
    for (let after: string | undefined = ""; after !== undefined;) {
      const page: KeyRow[] = await keys.list({ tenantId: "paged", ownerId: "o", after, limit: 2 });
      seen.push(...page.map((key) => key.id));
      after = page.at(-1)?.id;
    }
    expect(seen).toEqual(ids.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(await codeOf(keys.list({ limit: 0 }))).toBe("LL_STATE_FIELD");
  });

  it("a last use never moves back and leaves the epoch alone", async () => {
    const { keys } = store().repositories;
    await keys.insert(aKey("used00000000"));
    await keys.touch([
      { id: "used00000000", lastUsedAt: 20 },
      { id: "used00000000", lastUsedAt: 30 },
    ]);
    await keys.touch([{ id: "used00000000", lastUsedAt: 10 }]);
    await keys.touch([]);
    expect(await keys.find("used00000000")).toMatchObject({ lastUsedAt: 30, epoch: 1 });
  });

  it("of many names finds those that keys of one tenant bear, as id, budget or rate class", async () => {
    const { keys } = store().repositories;
    await keys.insert(aKey("bears1000000", { tenantId: "bears", budgetId: "pot", rateId: "gold" }));
    await keys.insert(aKey("bears2000000", { tenantId: "bears", rateId: "gold" }));
    await keys.insert(aKey("bears3000000", { tenantId: "lions", budgetId: "den" }));
    const others = Array.from({ length: 1200 }, (_, i) => `name${i}`);
    const asked = ["gold", ...others, "pot", "den", "bears2000000", "bears3000000"];
    expect(await keys.borneNames("bears", asked)).toEqual(new Set(["gold", "pot", "bears2000000"]));
    expect(await keys.borneNames("lions", asked)).toEqual(new Set(["den", "bears3000000"]));
    expect(await keys.borneNames("nobody", asked)).toEqual(new Set());
    expect(await keys.borneNames("bears", [])).toEqual(new Set());
  });

  it("counts active keys", async () => {
    const { keys } = store().repositories;
    const before = await keys.countActive(1000);
    await keys.insert(aKey("count1000000", { expiresAt: 1001 }));
    await keys.insert(aKey("count2000000", { expiresAt: 1000 }));
    await keys.insert(aKey("count3000000", { notBefore: 1001 }));
    await keys.insert(aKey("count4000000", { revokedAt: 1 }));
    expect(await keys.countActive(1000)).toBe(before + 1);
  });

  it("counts secrets by their pepper: of keys that may be good, and of rotations not over", async () => {
    const { keys } = store().repositories;
    const made = async (id: string, more: Partial<KeyRow>): Promise<void> =>
      keys.insert(aKey(id, { pepperVersion: 90, ...more }));
    await made("pepperA00000", {});
    await made("pepperB00000", { notBefore: 5000, expiresAt: 1001 });
    await made("pepperC00000", { revokedAt: 1 });
    await made("pepperD00000", { expiresAt: 1000 });
    const old = { oldDigest: new Uint8Array(32), oldPepperVersion: 91 };
    await made("pepperE00000", { ...old, overlapUntil: 1001 });
    await made("pepperF00000", { ...old, overlapUntil: 1000 });
    const counts = await keys.countByPepper(1000);
    expect([counts.get(90), counts.get(91), counts.get(92)]).toEqual([4, 1, undefined]);
  });
}

function identitySuite(store: () => Store): void {
  const user = {
    id: "u1",
    kind: "user",
    issuer: "idp",
    subject: "s1",
    tenantId: "t1",
    label: "Ann",
    roles: ["viewer"],
    createdAt: 1,
    epoch: 1,
  } as const;

  it("a principal is known by issuer and subject, once", async () => {
    const { principals } = store().repositories;
    await principals.insert(user);
    expect(await principals.findBySubject("idp", "s1")).toMatchObject(user);
    expect(await principals.findBySubject("idp", "s2")).toBeUndefined();
    expect(await codeOf(principals.insert({ ...user, id: "u2" }))).toBe("LL_STATE_CONFLICT");
    const demoted = await principals.update("u1", { roles: [], disabledAt: 7 });
    expect(demoted).toMatchObject({ roles: [], disabledAt: 7, label: "Ann", epoch: 2 });
    const again = await principals.update("u1", { disabledAt: undefined });
    expect(again?.disabledAt).toBeUndefined();
    expect((await principals.list({ tenantId: "t1" })).map((one) => one.id)).toEqual(["u1"]);
  });

  it("grants are listed of one principal and removed once", async () => {
    const { grants } = store().repositories;
    const grant = { id: "g1", principalId: "u1", permission: "audit:read", reason: "drill" };
    await grants.insert({ ...grant, grantedBy: "u0", expiresAt: 5, createdAt: 1 });
    await grants.insert({ ...grant, id: "g2", principalId: "u9", grantedBy: "u0", createdAt: 1 });
    expect(await grants.list("u1")).toEqual([
      { ...grant, grantedBy: "u0", expiresAt: 5, createdAt: 1 },
    ]);
    expect([await grants.remove("g1"), await grants.remove("g1")]).toEqual([true, false]);
  });

  it("tenants are kept, changed and listed", async () => {
    const { tenants } = store().repositories;
    await tenants.insert({ id: "t1", label: "One", createdAt: 1, policy: "{}" });
    await tenants.insert({ id: "t2", label: "Two", createdAt: 1, policy: "{}" });
    expect(await tenants.update("t1", { disabledAt: 3 })).toMatchObject({
      label: "One",
      disabledAt: 3,
    });
    expect(await tenants.update("t9", { label: "x" })).toBeUndefined();
    expect((await tenants.list({ after: "t1" })).map((one) => one.id)).toEqual(["t2"]);
  });

  it("the first claim of a fact wins, for everyone", async () => {
    const { facts } = store().repositories;
    const claims = await Promise.all(["a", "b", "c"].map((value) => facts.claim("who", value)));
    expect(new Set(claims).size).toBe(1);
    expect(await facts.get("who")).toBe(claims[0]);
    await facts.set("who", "z");
    expect(await facts.claim("who", "y")).toBe("z");
  });
}

function eventSuite(store: () => Store): void {
  const event = { at: 1, kind: "key.revoked", subjectId: "k", tenantId: "t1", detail: "" };

  it("a change and its event are there together or not at all", async () => {
    const { keys, events } = store().repositories;
    await keys.insert(aKey("revoke000000"));
    const before = await events.lastSeq();
    const failed = store().transaction(async (r) => {
      await r.keys.update("revoke000000", { revokedAt: 1 });
      await r.events.append({ ...event, subjectId: "revoke000000" });
      throw new RangeError("no");
    });
    await expect(failed).rejects.toThrow(RangeError);
    expect(await events.lastSeq()).toBe(before);
    expect((await keys.find("revoke000000"))?.revokedAt).toBeUndefined();
    const seq = await store().transaction(async (r) => {
      await r.keys.update("revoke000000", { revokedAt: 1 });
      return r.events.append({ ...event, subjectId: "revoke000000" });
    });
    expect(await events.after(before, 10)).toEqual([{ ...event, subjectId: "revoke000000", seq }]);
    expect((await keys.find("revoke000000"))?.revokedAt).toBe(1);
  });
}

function isolationSuite(store: () => Store): void {
  it("what a transaction wrote is read back in it, and by nobody else before its end", async () => {
    const { keys } = store().repositories;
    await store().transaction(async (r) => {
      await r.keys.insert(aKey("inside000000"));
      expect(await r.keys.find("inside000000")).toBeDefined();
      expect(await keys.find("inside000000")).toBeUndefined();
    });
    expect(await keys.find("inside000000")).toBeDefined();
  });

  it("a conflict within a transaction ends all of it", async () => {
    const { keys } = store().repositories;
    const code = await codeOf(
      store().transaction(async (r) => {
        await r.keys.insert(aKey("both00000000"));
        await r.keys.insert(aKey("both00000000"));
      }),
    );
    expect(code).toBe("LL_STATE_CONFLICT");
    expect(await keys.find("both00000000")).toBeUndefined();
  });
}

function feedSuite(store: () => Store): void {
  const event = { at: 1, kind: "key.revoked", subjectId: "k", tenantId: "t1", detail: "" };

  it("an event that cannot be stored uses up no seq", async () => {
    const { events } = store().repositories;
    const before = await events.lastSeq();
    await expect(events.append({ ...event, at: Number.NaN })).rejects.toThrow();
    expect(await events.append(event)).toBe(before + 1);
  });

  it("a later event waits for the end of the transaction that has the seq before", async () => {
    const { events } = store().repositories;
    const start = await events.lastSeq();
    let end: () => void = () => undefined;
    const mayEnd = new Promise<void>((resolve) => (end = resolve));
    let later: Promise<number> = Promise.resolve(0);
    const first = store().transaction(async (r) => {
      const seq = await r.events.append(event);
      later = events.append(event);
      await mayEnd;
      return seq;
    });
    for (let i = 0; i < 20; i++) {
      expect(await events.after(start, 10)).toEqual([]);
      await new Promise((resolve) => void setImmediate(resolve));
    }
    end();
    expect([await first, await later]).toEqual([start + 1, start + 2]);
  });

  it("a reader that polls while 50 writers append sees every event once, in order", async () => {
    const { events } = store().repositories;
    const start = await events.lastSeq();
    const seen: number[] = [];
    let last = start;
    const read = async (): Promise<void> => {
      for (const one of await events.after(last, 1000)) seen.push((last = one.seq));
    };
    let isWriting = true;
    const writers = Array.from({ length: 50 }, () => events.append(event));
    const written = Promise.all(writers).then(() => (isWriting = false));
    while (isWriting) {
      await read();
      await new Promise((resolve) => void setImmediate(resolve));
    }
    await written;
    await read();
    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => start + 1 + i));
  });
}
