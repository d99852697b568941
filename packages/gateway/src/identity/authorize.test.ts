import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { authorize } from "./authorize.ts";
import { type Permission, permissions } from "./permissions.ts";
import type { Principal } from "./principal.ts";

const principal = (grants: readonly Permission[], tenantId = "t"): Principal => ({
  id: "u",
  kind: "user",
  tenantId,
  via: "key",
  credentialId: "k",
  roles: [],
  grants: new Set(grants),
  limits: {},
  epoch: 1,
});
const own = {
  permission: "keys:own",
  object: { type: "key", ofOthers: "keys:manage" },
} as const;
const code = (answer: ReturnType<typeof authorize>): string | number =>
  answer === "allow" ? answer : answer.status;

describe("authorize", () => {
  it("allows exactly the holders of the permission, whatever else they hold", () => {
    fc.assert(
      fc.property(
        fc.subarray([...permissions]),
        fc.constantFrom(...permissions),
        (held, permission) => {
          const answer = authorize(principal(held), { permission });
          expect(answer === "allow").toBe(held.includes(permission));
          if (answer !== "allow") expect(answer.permission).toBe(permission);
        },
      ),
    );
  });

  it("an object of another tenant is 404 even for its admin, the platform's tenant sees all", () => {
    const object = { tenantId: "other", ownerId: "u" };
    expect(code(authorize(principal([...permissions]), own, object))).toBe(404);
    expect(code(authorize(principal([...permissions], "*"), own, object))).toBe("allow");
  });

  it("an own object needs the own permission, another's the wider one", () => {
    const mine = { tenantId: "t", ownerId: "u" };
    const others = { tenantId: "t", ownerId: "v" };
    const nobodys = { tenantId: "t" };
    expect(code(authorize(principal(["keys:own"]), own, mine))).toBe("allow");
    expect(code(authorize(principal(["keys:own"]), own, others))).toBe(403);
    expect(code(authorize(principal(["keys:own"]), own, nobodys))).toBe(403);
    expect(code(authorize(principal(["keys:manage"]), own, others))).toBe("allow");
    expect(code(authorize(principal(["keys:manage"]), own, mine))).toBe("allow");
    expect(code(authorize(principal([]), own, mine))).toBe(403);
  });

  it("a surface of the whole gateway is for the platform's tenant only", () => {
    const surface = { permission: "users:manage", platform: true } as const;
    expect(code(authorize(principal([...permissions]), surface))).toBe(403);
    expect(code(authorize(principal([...permissions], "*"), surface))).toBe("allow");
    expect(code(authorize(principal([], "*"), surface))).toBe(403);
  });

  it("a public surface is open; one that leaves it to those below is closed", () => {
    expect(authorize(principal([]), { permission: { public: "health" } })).toBe("allow");
    const below = "each surface under this path declares its own";
    expect(code(authorize(principal([...permissions]), { permission: { below } }))).toBe(403);
  });
});
