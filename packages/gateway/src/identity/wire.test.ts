import { TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configSchema } from "../config/schema.ts";
import { gatewayErrors } from "../errors.ts";
import { exchangeOf } from "../limits/limits.fixture.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import type { Store } from "../state/store.ts";
import { operator } from "./acting.ts";
import { openIdentity, untilAnswers, type WiredIdentity } from "./wire.ts";
import { openWorld, type World } from "./world.fixture.ts";

let world: World;
const opened: WiredIdentity[] = [];
const withCode = (code: string): unknown => expect.objectContaining({ code });
const targets = { t: { provider: "simulator" } };
const routes = { r: { models: ["m"], groups: [{ targets: ["t"] }] } };

beforeEach(async () => void (world = await openWorld()));
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  await world[Symbol.asyncDispose]();
});

async function open(settings: object = {}, pepper = 7): Promise<WiredIdentity> {
  const { clock, store, deps } = world;
  const config = configSchema.parse({ targets, routes, ...settings });
  const silent = createLogger({ clock, write: () => undefined, level: "silent" });
  const { random } = deps;
  const secret = new Uint8Array(32).fill(pepper);
  const more = { logger: silent, metrics: createMetrics(), pepper: secret };
  const audit = { ...deps.audit, isAccepting: () => true };
  const identity = await openIdentity(config, { clock, random, store, audit, ...more });
  opened.push(identity);
  return identity;
}

/** The store, of which the first `failures` transactions are refused with `code`. */
function failing(failures: number, code: "LL_STATE_UNAVAILABLE" | "LL_STATE_CONFLICT") {
  let asked = 0;
  const store: Store = Object.create(world.store, {
    transaction: {
      value: (run: Parameters<Store["transaction"]>[0]) =>
        ++asked <= failures
          ? Promise.reject(gatewayErrors.make(code, "not yet"))
          : world.store.transaction(run),
    },
  });
  return { store, asked: () => asked };
}

/** Lets time pass until the promise has an end; 300 ms a step, so that no wait is cut short. */
async function steps(clock: TestClock, until: Promise<unknown>): Promise<number> {
  let [count, isOver] = [0, false];
  const done = (): void => void (isOver = true);
  until.then(done, done);
  await expect
    .poll(() => {
      if (!isOver) {
        clock.advance(300);
        count++;
      }
      return isOver;
    })
    .toBe(true);
  return count;
}

describe("the first key", () => {
  it("is made once per store: it calls models and reads metrics, and manages nobody else", async () => {
    const first = await open();
    const { secret = "", id = "" } = first.firstKey ?? {};
    const found = await first.authenticate(secret, "", world.clock.monotonicMs());
    if (!found.ok) throw new Error(found.code);
    const permits: ReadonlySet<string> = found.principal.grants;
    expect(["inference:call", "metrics:read", "keys:own"].map((p) => permits.has(p))).toEqual([
      true,
      true,
      true,
    ]);
    expect(permits.has("keys:manage")).toBe(false);
    expect((await open()).firstKey).toBe(undefined);
    await first.keys.revoke(operator(), id);
    expect((await open()).firstKey).toBe(undefined);
  });

  it("is not made where keys are not required", async () => {
    expect((await open({ auth: { required: false } })).firstKey).toBe(undefined);
  });
});

describe("a store of another gateway", () => {
  it("is refused by its pepper before a key is looked at", async () => {
    await open();
    await expect(open({}, 8)).rejects.toThrow(withCode("LL_STATE_PEPPER"));
  });
});

describe("a revocation, once the pipeline is attached", () => {
  it("ends what the key has under way; before that it ends nothing and fails nothing", async () => {
    const identity = await open();
    const { id } = await identity.keys.create(operator(), { name: "a" });
    const other = await identity.keys.create(operator(), { name: "b" });
    const refused: [Exchange, string][] = [];
    const x = exchangeOf({ key: id }, world.clock);
    await identity.keys.revoke(operator(), other.id);
    await identity.refresh();
    identity.attach({
      inFlight: { each: (run) => run(x) },
      refuse: (one, { code }) => void refused.push([one, code]),
    });
    await identity.keys.revoke(operator(), id);
    await identity.refresh();
    expect(refused).toEqual([[x, "LL_AUTH_REVOKED"]]);
  });
});

describe("a store that is still starting", () => {
  it("is asked again each 300 ms and opened once it answers", async () => {
    const { store, asked } = failing(3, "LL_STATE_UNAVAILABLE");
    const clock = new TestClock();
    const waited = untilAnswers(store, clock);
    await steps(clock, waited);
    await waited;
    expect(asked()).toBe(4);
  });

  it("is given up after 15 questions, with its own error", async () => {
    const { store, asked } = failing(99, "LL_STATE_UNAVAILABLE");
    const clock = new TestClock();
    const waited = untilAnswers(store, clock);
    await steps(clock, waited);
    await expect(waited).rejects.toThrow(withCode("LL_STATE_UNAVAILABLE"));
    expect(asked()).toBe(15);
  });

  it("any other error ends the start at once", async () => {
    const { store, asked } = failing(99, "LL_STATE_CONFLICT");
    const waited = untilAnswers(store, new TestClock());
    await expect(waited).rejects.toThrow(withCode("LL_STATE_CONFLICT"));
    expect(asked()).toBe(1);
  });
});
