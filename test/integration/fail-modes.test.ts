import { describe, expect, it } from "vitest";
import { configSchema } from "../../packages/gateway/src/config/schema.ts";
import { notTested } from "./machine.ts";

interface Row {
  readonly dependency: string;
  /** The section, or the key of one, under which a consumer of it would be configured. */
  readonly key: readonly [section: string, key?: string];
  readonly promise: string;
}

/**
 * Rows of the fail-mode table whose dependency nothing in the gateway leans on yet: there is no
 * request path to take it away from. Redis, PostgreSQL, SQLite, the object store and the
 * sinks of telemetry have suites of their own beside this one.
 */
const rows: readonly Row[] = [
  {
    dependency: "vectors and embedder",
    key: ["stores", "vectors"],
    promise: "chat with rag.required: false goes on without context",
  },
  {
    dependency: "identity provider",
    key: ["sso"],
    promise: "sessions live on, logins are 503",
  },
  {
    dependency: "guardrail service",
    key: ["guardrails"],
    promise: "within 300 ms blocked, or allowed and marked, by its rule",
  },
  { dependency: "MCP server", key: ["mcp"], promise: "its tools are hidden" },
  { dependency: "MLflow", key: ["mlflow"], promise: "the aliases resolved last stay" },
];

const hasKey = ([section, key]: Row["key"]): boolean =>
  !configSchema
    .safeParse({ [section]: key === undefined ? null : { [key]: null } })
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
    expect([hasKey(["stores"]), hasKey(["telemetry", "errors"])]).toEqual([true, true]);
    expect([hasKey(["store"]), hasKey(["telemetry", "error"])]).toEqual([false, false]);
  });
});
