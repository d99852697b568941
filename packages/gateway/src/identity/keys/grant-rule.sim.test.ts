import { LoadlineError } from "@loadline/kit/errors";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Acting, grantOfPrincipal, operator } from "../acting.ts";
import { findExcess } from "../grant.ts";
import { permissions } from "../permissions.ts";
import { permissionsOfRoles } from "../roles.ts";
import { openWorld, type World } from "../world.fixture.ts";
import type { NewKey } from "./fields.ts";

let world: World;
const by = operator();
const models = fc.option(fc.subarray(["a", "b", "c"], { minLength: 1 }), { nil: undefined });
const ips = fc.option(
  fc.subarray(["10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/24"], { minLength: 1 }),
  { nil: undefined },
);
const grants = fc.record({
  permissions: fc.subarray([...permissions]).map((list) => [...new Set([...list, "keys:own"])]),
  models,
  ips,
});

/** Attributes without those that are undefined. */
function keyOf(name: string, given: object): NewKey {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return { name, ...Object.fromEntries(entries) };
}

async function makerWith(given: object, n: number): Promise<Acting> {
  const { users, keys } = world.identity;
  const user = await users.create(by, { subject: `maker ${n}`, roles: ["admin", "scraper"] });
  return world.as((await keys.create(by, { ...keyOf("m", given), ownerId: user.id })).id);
}

beforeAll(async () => void (world = await openWorld()));
afterAll(() => world[Symbol.asyncDispose]());

describe("keys made by random makers", () => {
  it("never hold more than their maker: made iff a subset, and then a subset at use", async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(grants, grants, async (held, asked) => {
        const maker = await makerWith(held, n++);
        const outer = grantOfPrincipal(maker.principal);
        const made = await world.identity.keys.create(maker, keyOf("k", asked)).then(
          ({ id }) => id,
          (cause: unknown) => (cause instanceof LoadlineError ? cause : Promise.reject(cause)),
        );
        if (made instanceof LoadlineError) {
          expect(made.code).toBe("LL_KEY_GRANT_EXCEEDS");
          return;
        }
        const child = grantOfPrincipal((await world.as(made)).principal);
        expect(findExcess(child, outer)).toBe(undefined);
        expect(child.permissions.size).toBe(asked.permissions.length);
      }),
      { numRuns: 60 },
    );
  });

  it("shrink with their owner, whatever the owner becomes", async () => {
    const { users, keys, roles } = world.identity;
    const user = await users.create(by, { subject: "changing", roles: ["admin", "scraper"] });
    const made = { name: "k", ownerId: user.id, roles: ["admin", "scraper"] };
    const { id } = await keys.create(by, made);
    const role = fc.constantFrom("viewer", "editor", "admin", "caller", "scraper");
    await fc.assert(
      fc.asyncProperty(role, fc.boolean(), async (name, isGiven) => {
        if (isGiven) await roles.grant(by, user.id, name);
        else await roles.revoke(by, user.id, name);
        const row = await world.store.repositories.principals.find(user.id);
        const { principal } = await world.as(id);
        expect(principal.grants).toEqual(permissionsOfRoles(row?.roles ?? []));
      }),
      { numRuns: 40 },
    );
  });
});
