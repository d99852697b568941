import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gatewayErrors } from "../errors.ts";
import type { Repositories } from "../state/repositories.ts";
import { operator } from "./acting.ts";
import { type Authenticator, createAuthenticator } from "./authenticator.ts";
import type { ClientCertificate } from "./certificate.ts";
import { drawKey, formatKey, parseKey } from "./keys/key-format.ts";
import { openWorld, type World } from "./world.fixture.ts";

let world: World;
const by = operator();
const view = { isDown: false, lastAnswerMs: 0 };

/** Repositories that count what they are asked and can be taken away. */
function watched(world: World): { r: Repositories; asked: string[]; isGone: boolean } {
  const { repositories } = world.store;
  const state = { asked: [] as string[], isGone: false, r: repositories };
  state.r = {
    ...repositories,
    keys: {
      ...repositories.keys,
      async find(id) {
        state.asked.push(id);
        if (state.isGone) throw gatewayErrors.make("LL_STATE_UNAVAILABLE");
        return repositories.keys.find(id);
      },
    },
  };
  return state;
}

let store: ReturnType<typeof watched>;
let auth: Authenticator;
const faults: unknown[] = [];
const now = (): number => world.clock.monotonicMs();
const ask = async (key: string, address = "10.0.0.1") => auth.authenticate(key, address, now());
const code = async (key: string, address?: string): Promise<string> => {
  const result = await ask(key, address);
  return result.ok ? (result.isDegraded ? "degraded" : "ok") : result.code;
};
const only = (part: "keys" | "owners" | "tenants", id: string) => ({
  keys: new Set<string>(),
  owners: new Set<string>(),
  tenants: new Set<string>(),
  [part]: new Set([id]),
});

function open(staleGraceMs = 300_000): Authenticator {
  const { clock, deps } = world;
  return createAuthenticator(
    {
      repositories: store.r,
      peppers: deps.peppers,
      clock,
      staleGraceMs,
      onFault: (cause) => void faults.push(cause),
    },
    view,
  );
}

beforeEach(async () => {
  world = await openWorld();
  store = watched(world);
  Object.assign(view, { isDown: false, lastAnswerMs: 0 });
  auth = open();
});
afterEach(async () => {
  await expect.poll(() => auth.sizes().pending).toBe(0);
  await world[Symbol.asyncDispose]();
  expect(faults).toEqual([]);
});

describe("the cache", () => {
  it("a key seen before is answered at once, without the store and without a promise", async () => {
    const { id, secret } = await world.identity.keys.create(by, { name: "a" });
    expect(auth.authenticate(secret, "", now())).toBeInstanceOf(Promise);
    expect(await code(secret)).toBe("ok");
    const again = auth.authenticate(secret, "", now());
    expect(again).toMatchObject({ ok: true, principal: { credentialId: id } });
    expect(auth.authenticate(secret, "", now())).toBe(again);
    expect(store.asked).toEqual([id]);
  });

  it("callers that come at once share one question", async () => {
    const { id, secret } = await world.identity.keys.create(by, { name: "a" });
    const all = await Promise.all(Array.from({ length: 50 }, () => ask(secret)));
    expect(all.every((one) => one.ok)).toBe(true);
    expect(store.asked).toEqual([id]);
  });

  it("after 30 s a good key is served while the store is asked again", async () => {
    const { secret } = await world.identity.keys.create(by, { name: "a" });
    await ask(secret);
    world.clock.advance(30_000);
    expect(auth.authenticate(secret, "", now())).toMatchObject({ ok: true });
    expect(auth.authenticate(secret, "", now())).toMatchObject({ ok: true });
    expect(store.asked).toHaveLength(2);
  });

  it("an expiry within the 30 s holds to the millisecond", async () => {
    const expiresAt = world.clock.wallMs() + 2000;
    const { secret } = await world.identity.keys.create(by, { name: "a", expiresAt });
    expect(await code(secret)).toBe("ok");
    world.clock.advance(1999);
    expect(await code(secret)).toBe("ok");
    world.clock.advance(1);
    expect(await code(secret)).toBe("LL_AUTH_EXPIRED");
  });

  it("the old secret of a rotation ends with its overlap although it is remembered", async () => {
    const { id, secret } = await world.identity.keys.create(by, { name: "a" });
    await world.identity.keys.rotate(by, id, { overlapMs: 500 });
    expect(await code(secret)).toBe("ok");
    world.clock.advance(500);
    expect(await code(secret)).toBe("LL_AUTH_INVALID");
  });

  it("a twin that shares all but the last characters is another key", async () => {
    const { secret } = await world.identity.keys.create(by, { name: "a" });
    await ask(secret);
    const parts = parseKey(secret);
    const last = parts?.secret.endsWith("0") ? "1" : "0";
    const twin = formatKey({
      env: parts?.env ?? "",
      id: parts?.id ?? "",
      secret: `${parts?.secret.slice(0, -1)}${last}`,
    });
    expect(await code(twin)).toBe("LL_AUTH_INVALID");
    expect(await code(secret)).toBe("ok");
  });

  it("a refusal is remembered for 5 s and forgotten when keys are made", async () => {
    const unknown = formatKey(drawKey("local", world.deps.random));
    expect(await code(unknown)).toBe("LL_AUTH_INVALID");
    world.clock.advance(4999);
    expect(await code(unknown)).toBe("LL_AUTH_INVALID");
    expect(store.asked).toHaveLength(1);
    auth.forgetRefusals();
    await ask(unknown);
    world.clock.advance(5000);
    await ask(unknown);
    expect(store.asked).toHaveLength(3);
  });

  it("a flood of 50,000 unknown keys stays within the caps and evicts no good key", async () => {
    const { secret } = await world.identity.keys.create(by, { name: "a" });
    await ask(secret);
    store.r.keys.find = () => Promise.resolve(undefined);
    const id = "0".repeat(12);
    for (let i = 0; i < 50_000; i += 200) {
      const flood = Array.from({ length: 200 }, (_, n) => {
        const text = String(i + n).padStart(43, "0");
        return ask(formatKey({ env: "local", id, secret: text }));
      });
      await Promise.all(flood);
    }
    expect(auth.sizes()).toEqual({ positive: 1, negative: 10_000, pending: 0 });
    store.r.keys.find = () => Promise.reject(new Error("asked for a remembered key"));
    expect(await code(secret)).toBe("ok");
  });

  it("more than 256 lookups at once are refused as unavailable, not queued", async () => {
    const keys = Array.from({ length: 300 }, () => formatKey(drawKey("local", world.deps.random)));
    const results = await Promise.all(keys.map((key) => ask(key)));
    const codes = results.map((one) => (one.ok ? "ok" : one.code));
    expect(codes.filter((one) => one === "LL_AUTH_UNAVAILABLE")).toHaveLength(44);
    expect(codes.filter((one) => one === "LL_AUTH_INVALID")).toHaveLength(256);
  });

  it("text that is no key never reaches the store", async () => {
    for (const text of ["", "x", "ll_local_x", "a".repeat(100_000), "ll_local_" + "0".repeat(70)])
      expect(await code(text)).toBe("LL_AUTH_MALFORMED");
    expect(store.asked).toEqual([]);
    expect(auth.sizes()).toEqual({ positive: 0, negative: 0, pending: 0 });
  });
});

describe("addresses", () => {
  it("a key with a list is refused elsewhere, cached or not, and good inside it", async () => {
    const ips = ["10.0.0.0/8", "2001:db8::/32"];
    const { secret } = await world.identity.keys.create(by, { name: "a", ips });
    expect(await code(secret, "192.168.0.1")).toBe("LL_AUTH_IP");
    expect(await code(secret, "10.9.9.9")).toBe("ok");
    expect(await code(secret, "::ffff:10.9.9.9")).toBe("ok");
    expect(await code(secret, "2001:db8::1")).toBe("ok");
    expect(await code(secret, "192.168.0.1")).toBe("LL_AUTH_IP");
    expect(await code(secret, "")).toBe("LL_AUTH_IP");
  });
});

describe("client certificates", () => {
  const thumbprint = `sha256:${"ab".repeat(32)}`;
  const spiffeId = "spiffe://example.org/svc";
  const askBy = async (key: string, certificate?: ClientCertificate): Promise<string> => {
    const result = await auth.authenticate(key, "10.0.0.1", now(), certificate);
    return result.ok ? "ok" : result.code;
  };

  it("a bound key is good with its own certificate alone, cached or not", async () => {
    const { keys } = world.identity;
    const byPrint = await keys.create(by, { name: "a", boundTo: thumbprint });
    const byName = await keys.create(by, { name: "b", boundTo: spiffeId });
    const other = { thumbprint: `sha256:${"cd".repeat(32)}` };
    const own = { thumbprint, spiffeId };
    for (let round = 0; round < 2; round++) {
      for (const { secret } of [byPrint, byName]) {
        expect(await askBy(secret)).toBe("LL_AUTH_BINDING");
        expect(await askBy(secret, other)).toBe("LL_AUTH_BINDING");
        expect(await askBy(secret, own)).toBe("ok");
      }
      // M09: a name that only begins the same is another.
      for (const name of ["spiffe://example.org/svc2", "spiffe://example.org/svc/x"])
        expect(await askBy(byName.secret, { ...other, spiffeId: name })).toBe("LL_AUTH_BINDING");
    }
    expect(await keys.show(by, byPrint.id)).toMatchObject({ boundTo: thumbprint });
    const free = await keys.create(by, { name: "c" });
    expect([await askBy(free.secret), await askBy(free.secret, other)]).toEqual(["ok", "ok"]);
  });

  it.each(["svc", "sha256:ab", `sha256:${"AB".repeat(32)}`, "spiffe://a", "spiffe://a/../b c", ""])(
    "%j is nothing a key can be bound to",
    async (boundTo) => {
      const made = world.identity.keys.create(by, { name: "a", boundTo });
      await expect(made).rejects.toMatchObject({ code: "LL_KEY_FIELD" });
    },
  );
});

describe("taking away", () => {
  it("an evicted key is asked again: revoked, changed or its owner disabled", async () => {
    const { keys, users } = world.identity;
    const user = await users.create(by, { subject: "u", roles: ["editor"] });
    const a = await keys.create(by, { name: "a", ownerId: user.id });
    const b = await keys.create(by, { name: "b" });
    await Promise.all([ask(a.secret), ask(b.secret)]);
    await keys.revoke(by, b.id);
    auth.evict(only("keys", b.id));
    expect([await code(a.secret), await code(b.secret)]).toEqual(["ok", "LL_AUTH_REVOKED"]);
    await users.disable(by, user.id);
    auth.evict(only("owners", user.id));
    expect(await code(a.secret)).toBe("LL_AUTH_REVOKED");
    expect(store.asked).toEqual([a.id, b.id, b.id, a.id]);
  });

  it("a change that arrives while the store is asked is not overwritten by the old answer", async () => {
    const { keys } = world.identity;
    const { id, secret } = await keys.create(by, { name: "a" });
    const { find } = store.r.keys;
    let isFirst = true;
    store.r.keys.find = async (wanted) => {
      const row = await find(wanted);
      if (isFirst) {
        isFirst = false;
        await keys.revoke(by, id);
        auth.evict(only("keys", id));
      }
      return row;
    };
    expect(await code(secret)).toBe("LL_AUTH_REVOKED");
  });

  it("a demoted owner's key shrinks to what the owner holds now", async () => {
    const { keys, users, roles } = world.identity;
    const user = await users.create(by, { subject: "u", roles: ["admin"] });
    const { secret } = await keys.create(by, { name: "a", ownerId: user.id, roles: ["admin"] });
    const held = async (): Promise<boolean> => {
      const result = await ask(secret);
      return result.ok && result.principal.grants.has("keys:manage");
    };
    expect(await held()).toBe(true);
    await roles.grant(by, user.id, "viewer");
    await roles.revoke(by, user.id, "admin");
    auth.evict(only("owners", user.id));
    expect(await held()).toBe(false);
  });
});

describe("a store that does not answer", () => {
  beforeEach(() => void (store.isGone = true));

  it("an unknown key is 503 with a time to wait, never 401", async () => {
    const unknown = formatKey(drawKey("local", world.deps.random));
    expect(await ask(unknown)).toEqual({
      ok: false,
      code: "LL_AUTH_UNAVAILABLE",
      retryAfterMs: 1000,
    });
    view.isDown = true;
    expect(await code(unknown)).toBe("LL_AUTH_UNAVAILABLE");
    expect(await code("no key at all")).toBe("LL_AUTH_MALFORMED");
  });

  it("a key seen before is served, marked, for the grace and not a moment longer", async () => {
    const { secret } = await world.identity.keys.create(by, { name: "a" });
    store.isGone = false;
    expect(await code(secret)).toBe("ok");
    store.isGone = true;
    view.isDown = true;
    expect(await code(secret)).toBe("degraded");
    world.clock.advance(299_999);
    expect(await code(secret)).toBe("degraded");
    world.clock.advance(1);
    expect(await code(secret)).toBe("LL_AUTH_UNAVAILABLE");
    store.isGone = false;
    view.isDown = false;
    expect(await code(secret)).toBe("ok");
  });

  it("with a grace of 0 it is refused at once", async () => {
    const { secret } = await world.identity.keys.create(by, { name: "a" });
    store.isGone = false;
    auth = open(0);
    expect(await code(secret)).toBe("ok");
    view.isDown = true;
    expect(await code(secret)).toBe("LL_AUTH_UNAVAILABLE");
  });
});

describe("uses", () => {
  it("are taken once per key with the time of the last one", async () => {
    const { id, secret } = await world.identity.keys.create(by, { name: "a" });
    await ask(secret);
    world.clock.advance(10);
    await ask(secret);
    world.clock.advance(10);
    expect(auth.takeUses()).toEqual([{ id, lastUsedAt: world.clock.wallMs() - 10 }]);
    expect(auth.takeUses()).toEqual([]);
  });
});
