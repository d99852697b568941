import { describe, expect, it } from "vitest";
import { edgeOf } from "./edge.fixture.ts";
import { ranStatement } from "./edge-statement.ts";
import { stackSchema } from "./manifest.ts";
import type { StackSeen } from "./probe.ts";
import { startPostgresStub } from "./stubs/postgres.ts";

const find = { sql: "select 1 from items", statement: "insert into items" };

/** What is said where so many sessions ran the statement last, and so many may not be seen. */
async function told(own: string, unseen: string): Promise<StackSeen | null> {
  const reply = JSON.stringify([[own, unseen]]);
  const rules = [{ when: "select count(*) filter", reply }];
  await using stub = await startPostgresStub(rules, "of the app");
  const stack = stackSchema.parse({
    services: {
      api: { kind: "http", url: "http://127.0.0.1:1" },
      db: { kind: "postgres", url: stub.url, user: "app", password: "${env:PG}" },
    },
    edges: [{ from: "api", to: "db", send: { path: "/items" }, find }],
  });
  const { edge, context } = edgeOf(stack, "of the app");
  return await ranStatement(context, edge, "1700000000.5");
}

describe("a statement that an edge is to have run", () => {
  it("is told by the sessions whose last it is", async () => {
    const seen = await told("2", "1");
    expect(seen).toMatchObject({ ok: true, seen: expect.stringContaining("2 other sessions") });
    expect(seen?.reproduce.at(-1)).toContain("query ilike 'insert into items%'");
  });

  it("that is no session's last is open, never failed: COMMIT, a close or the next query hides it", async () => {
    await expect(told("0", "0")).rejects.toMatchObject({
      name: "NothingThere",
      message: expect.stringContaining("No other session of db ran insert into items last"),
    });
  });

  it("among sessions of others that the login may not see is open too, and says what is missing", async () => {
    await expect(told("0", "3")).rejects.toMatchObject({
      name: "NothingThere",
      message: "app may not see what 3 sessions run (pg_read_all_stats).",
    });
  });
});
