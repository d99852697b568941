import { describe, expect, it } from "vitest";
import { configSchema } from "../../packages/gateway/src/config/schema.ts";
import { notTested } from "./machine.ts";

interface Row {
  readonly dependency: string;
  /** The key under which a consumer of it would be configured. */
  readonly key: readonly [string, string];
  readonly promise: string;
}

/**
 * Rows of the fail-mode table whose dependency nothing in the gateway leans on yet: there is no
 * request path to take it away from. Redis, PostgreSQL and the object store have suites of
 * their own beside this one.
 */
const rows: readonly Row[] = [
  {
    dependency: "vectors and embedder",
    key: ["stores", "vectors"],
    promise: "chat with rag.required: false goes on without context",
  },
];

const hasKey = ([section, key]: readonly [string, string]): boolean =>
  !configSchema
    .safeParse({ [section]: { [key]: null } })
    .error?.issues.some(({ code }) => code === "unrecognized_keys");

for (const { dependency, key, promise } of rows)
  if (!hasKey(key))
    notTested(`fail mode of ${dependency}`, `no consumer in the gateway: ${promise}`);

describe("rows of the fail-mode table without a consumer", () => {
  for (const { dependency, key, promise } of rows)
    it.skipIf(!hasKey(key))(`NOT TESTED: ${dependency}: ${promise}`, () => {
      expect.fail(`${key.join(".")} exists now: ${dependency} needs its row in a suite here`);
    });

  it("are found by the key that would configure one", () => {
    expect(hasKey(["stores", "redis"])).toBe(true);
    expect(hasKey(["stores", "sql"])).toBe(true);
    expect(hasKey(["stores", "objects"])).toBe(true);
  });
});
