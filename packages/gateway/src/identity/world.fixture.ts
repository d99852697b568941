import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics, type Metrics } from "@loadline/kit/metrics";
import { systemRandom } from "@loadline/kit/random";
import type { AuditEvent } from "../audit-log/events.ts";
import { openSqliteStore } from "../state/sqlite/open.ts";
import type { Store } from "../state/store.ts";
import { type Acting, operator } from "./acting.ts";
import type { Evicted } from "./authenticator.ts";
import { principalOfKey } from "./effective.ts";
import { createIdentity, type Identity, type IdentityDeps } from "./identity.ts";
import { recordsOf } from "./keys/verify.ts";
import { openPeppers } from "./peppers.ts";

export interface World extends AsyncDisposable {
  readonly clock: TestClock;
  readonly store: Store;
  readonly identity: Identity;
  readonly deps: IdentityDeps;
  readonly metrics: Metrics;
  /** Every audit entry so far. */
  readonly audited: AuditEvent[];
  readonly ended: Evicted[];
  /** Acts as the holder of a key does now. */
  as(keyId: string): Promise<Acting>;
  /** Another identity on the same store, as a second process would have it. */
  second(change?: Partial<IdentityDeps>): Promise<Identity>;
}

/** Identity with a clock that stands still, over a real SQLite file that never times out. */
export async function openWorld(change: Partial<IdentityDeps> = {}): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), "ll-identity-"));
  const clock = new TestClock();
  const store = openSqliteStore(join(dir, "loadline.db"), new TestClock());
  const metrics = createMetrics();
  const audited: AuditEvent[] = [];
  const ended: Evicted[] = [];
  const deps: IdentityDeps = {
    store,
    clock,
    metrics,
    peppers: openPeppers({}, new Uint8Array(32).fill(7)),
    random: systemRandom(),
    logger: createLogger({ clock, write: () => undefined, level: "silent" }),
    staleGraceMs: 300_000,
    audit: {
      write: async (_audit, event) => void audited.push(event),
      record: (event) => void audited.push(event),
    },
    onEnded: (ids) => void ended.push(ids),
    ...change,
  };
  const opened: Identity[] = [];
  const open = async (more: Partial<IdentityDeps>): Promise<Identity> => {
    const identity = await createIdentity({ ...deps, ...more });
    opened.push(identity);
    return identity;
  };
  const identity = await open({});
  return {
    clock,
    store,
    identity,
    deps,
    metrics,
    audited,
    ended,
    second: (more = {}) => open({ ...more, metrics: createMetrics() }),
    async as(keyId) {
      const key = await store.repositories.keys.find(keyId);
      if (!key) throw new Error(`no key ${keyId}`);
      const records = await recordsOf(store.repositories, key);
      return { principal: principalOfKey(records, clock.wallMs()) };
    },
    async [Symbol.asyncDispose]() {
      for (const one of opened) await one.close();
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A user with roles, and a key with the same. */
export async function userWithKey(
  world: World,
  subject: string,
  roles: string[],
): Promise<{ userId: string; keyId: string; secret: string }> {
  const { identity } = world;
  const user = await identity.users.create(operator(), { subject, roles });
  const name = { name: subject, ownerId: user.id };
  const key = await identity.keys.create(operator(), { ...name, roles });
  return { userId: user.id, keyId: key.id, secret: key.secret };
}
