import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aKey } from "../../state/rows.fixture.ts";
import type { KeyRow, PrincipalRow } from "../../state/rows.ts";
import { everyTenant } from "../authorize.ts";
import type { Peppers } from "../deps.ts";
import { openWorld, type World } from "../world.fixture.ts";
import { digestOf } from "./digest.ts";
import { isDisabled, stateRefusal, type Verification, verifyKey } from "./verify.ts";

let world: World;
beforeEach(async () => void (world = await openWorld()));
afterEach(() => world[Symbol.asyncDispose]());

const nowMs = 1_000_000;
const parts = { env: "local", id: "k", secret: "right" };
const pepper = (version: number): Uint8Array => new Uint8Array(32).fill(version);
const under = (version: number, secret = "right"): Uint8Array =>
  Uint8Array.from(digestOf(pepper(version), { ...parts, secret }));
/** The second pepper is the current one, the first still known. */
const peppers: Peppers = { current: 2, get: (v) => (v === 1 || v === 2 ? pepper(v) : undefined) };

async function verified(o: Partial<KeyRow>): Promise<Verification> {
  const own = { tenantId: everyTenant, digest: under(2), pepperVersion: 2 };
  const { repositories } = world.store;
  await repositories.keys.insert(aKey("k", { ...own, ...o }));
  return verifyKey(repositories, peppers, parts, () => nowMs);
}

describe("a presented secret", () => {
  it("is the current one, under the pepper it was made with", async () => {
    expect(await verified({})).toMatchObject({ ok: true, isCurrent: true, endsAt: undefined });
  });

  it("made with an older pepper that is still known is good", async () => {
    expect(await verified({ digest: under(1), pepperVersion: 1 })).toMatchObject({ ok: true });
  });

  it.each([
    ["another secret's digest", { digest: under(2, "wrong") }],
    ["a digest under another pepper than it says", { digest: under(1) }],
    ["a pepper that is gone", { digest: under(3), pepperVersion: 3 }],
    [
      "a pepper that is gone, and a digest of zeros",
      { digest: new Uint8Array(32), pepperVersion: 3 },
    ],
  ])("with %s is refused, and nothing of the key is told", async (_what, row) => {
    expect(await verified(row)).toEqual({ ok: false, code: "LL_AUTH_INVALID" });
  });

  it("of a key nobody made gives the same answer", async () => {
    const result = await verifyKey(world.store.repositories, peppers, parts, () => nowMs);
    expect(result).toEqual({ ok: false, code: "LL_AUTH_INVALID" });
  });
});

describe("the secret after the last rotation", () => {
  it("does not end with the overlap of the one before it", async () => {
    const old = { oldDigest: under(2, "older"), oldPepperVersion: 2, overlapUntil: nowMs + 1 };
    const result = await verified(old);
    expect(result).toMatchObject({ ok: true, isCurrent: true });
    expect(result).toHaveProperty("endsAt", undefined);
  });
});

describe("the secret before the last rotation", () => {
  const rotated = { digest: under(2, "new"), oldDigest: under(2), oldPepperVersion: 2 };

  it("is good to the last ms of the overlap, and says when that is", async () => {
    const row = { ...rotated, overlapUntil: nowMs + 1 };
    expect(await verified(row)).toMatchObject({ ok: true, isCurrent: false, endsAt: nowMs + 1 });
  });

  it.each([
    ["the overlap is over", { ...rotated, overlapUntil: nowMs }],
    ["no overlap was granted", rotated],
    ["it is not that one", { ...rotated, oldDigest: under(2, "older"), overlapUntil: nowMs + 1 }],
    ["its pepper is another", { ...rotated, oldPepperVersion: 1, overlapUntil: nowMs + 1 }],
  ])("is refused when %s", async (_what, row) => {
    expect(await verified(row)).toEqual({ ok: false, code: "LL_AUTH_INVALID" });
  });

  it("is checked under its own pepper when the rotation changed that too", async () => {
    const old = { ...rotated, oldDigest: under(1), oldPepperVersion: 1, overlapUntil: nowMs + 1 };
    expect(await verified(old)).toMatchObject({ ok: true, isCurrent: false });
  });
});

describe("what a key with the right secret lacks", () => {
  it.each([
    [{}, undefined],
    [{ revokedAt: nowMs + 5 }, "LL_AUTH_REVOKED"],
    [{ expiresAt: nowMs + 1 }, undefined],
    [{ expiresAt: nowMs }, "LL_AUTH_EXPIRED"],
    [{ notBefore: nowMs }, undefined],
    [{ notBefore: nowMs + 1 }, "LL_AUTH_NOT_YET"],
    [{ revokedAt: 0, expiresAt: 0, notBefore: nowMs + 1 }, "LL_AUTH_REVOKED"],
    [{ expiresAt: 0, notBefore: nowMs + 1 }, "LL_AUTH_EXPIRED"],
  ] as const)("%j: %s", (row, code) => {
    expect(stateRefusal(aKey("k", row), nowMs)).toBe(code);
  });

  it("is told to its holder with the key's id", async () => {
    expect(await verified({ expiresAt: nowMs })).toEqual({
      ok: false,
      code: "LL_AUTH_EXPIRED",
      id: "k",
    });
  });

  it("a tenant that is gone refuses as if it were revoked", async () => {
    expect(await verified({ tenantId: "gone" })).toEqual({
      ok: false,
      code: "LL_AUTH_REVOKED",
      id: "k",
    });
  });
});

describe("owner and tenant of a key", () => {
  const owner: PrincipalRow = {
    id: "p",
    kind: "user",
    issuer: "i",
    subject: "s",
    tenantId: "t1",
    label: "",
    roles: [],
    createdAt: 0,
    epoch: 1,
  };
  const tenant = { id: "t1", label: "", createdAt: 0, policy: "{}" };
  const whole = { key: aKey("k", { ownerId: "p" }), owner, ownerGrants: [], tenant };
  const own = aKey("k");

  it.each([
    ["both there", whole, false],
    ["a key without an owner", { ...whole, key: own, owner: undefined }, false],
    ["the owner is gone", { ...whole, owner: undefined }, true],
    ["the owner is disabled", { ...whole, owner: { ...owner, disabledAt: 0 } }, true],
    ["the tenant is gone", { ...whole, tenant: undefined }, true],
    ["the tenant is disabled", { ...whole, tenant: { ...tenant, disabledAt: 0 } }, true],
    [
      "a key of every tenant",
      { ...whole, key: aKey("k", { tenantId: everyTenant }), tenant: undefined, owner },
      false,
    ],
  ])("%s", (_what, records, isOne) => {
    expect(isDisabled(records)).toBe(isOne);
  });
});
