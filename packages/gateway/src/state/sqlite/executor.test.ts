import { DatabaseSync } from "node:sqlite";
import { TestClock, type Timer } from "@loadline/kit/clock";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GroupCommit } from "./executor.ts";
import type { SqlReply } from "./protocol.ts";

let db: DatabaseSync;
let clock: TestClock;
let executor: GroupCommit;
let replies: SqlReply[];
let soon: (() => void)[];
let nextId: number;
beforeEach(() => {
  db = new DatabaseSync(":memory:");
  db.exec("CREATE TABLE t (n INTEGER PRIMARY KEY)");
  clock = new TestClock();
  replies = [];
  soon = [];
  nextId = 1;
  executor = new GroupCommit(db, {
    clock,
    reply: (reply) => void replies.push(reply),
    soon: (run) => void soon.push(run),
  });
});
afterEach(() => db.close());

/** What the worker's loop does after all messages at hand were executed. */
const settle = (): void => {
  for (const run of soon.splice(0)) run();
};
const ask = (tx: number, op: "begin" | "commit" | "rollback"): number => {
  executor.request({ id: nextId, tx, op });
  return nextId++;
};
const insert = (n: number, tx = 0): number => {
  const statement = { sql: "INSERT INTO t (n) VALUES (?)", parameters: [n] };
  executor.request({ id: nextId, tx, op: "query", statement });
  return nextId++;
};
const outcome = (id: number): string => {
  const reply = replies.find((one) => one.id === id);
  if (!reply) return "waits";
  return "fault" in reply ? "fault" : "done";
};
const rows = (): unknown[] =>
  db
    .prepare("SELECT n FROM t ORDER BY n")
    .all()
    .map((row) => row["n"]);

describe("group commit", () => {
  it("answers writes with their commit and not before, many with one", () => {
    const ids = [1, 2, 3].map((n) => insert(n));
    expect(ids.map(outcome)).toEqual(["waits", "waits", "waits"]);
    expect(soon).toHaveLength(1);
    settle();
    expect(ids.map(outcome)).toEqual(["done", "done", "done"]);
    expect(db.isTransaction).toBe(false);
  });

  it("a statement that fails is refused at once and takes nothing else along", () => {
    const first = insert(1);
    const twice = insert(1);
    const other = insert(2);
    expect(outcome(twice)).toBe("fault");
    settle();
    expect([outcome(first), outcome(other), rows()]).toEqual(["done", "done", [1, 2]]);
  });

  it("a transaction keeps others waiting and is undone alone", () => {
    insert(1);
    ask(7, "begin");
    insert(2, 7);
    const other = insert(3);
    settle();
    expect(outcome(other)).toBe("waits");
    const end = ask(7, "rollback");
    expect(outcome(end)).toBe("done");
    settle();
    expect([outcome(other), rows()]).toEqual(["done", [1, 3]]);
  });

  it("a commit is answered after the batch is on the disk", () => {
    ask(7, "begin");
    insert(2, 7);
    const end = ask(7, "commit");
    expect(outcome(end)).toBe("waits");
    settle();
    expect([outcome(end), rows()]).toEqual(["done", [2]]);
  });

  it("a transaction left open keeps no thread alive that is to end", () => {
    const isUnref: (boolean | undefined)[] = [];
    const still = new (class extends TestClock {
      override after(delayMs: number, run: () => void, o?: { unref?: boolean }): Timer {
        isUnref.push(o?.unref);
        return super.after(delayMs, run);
      }
    })();
    const deps = { clock: still, reply: () => undefined, soon: () => undefined };
    new GroupCommit(db, deps).request({ id: 1, tx: 1, op: "begin" });
    expect(isUnref).toEqual([true]);
  });

  it("a transaction left open is rolled back after 3 s, and its late calls are refused", () => {
    ask(7, "begin");
    insert(2, 7);
    const other = insert(3);
    clock.advance(3000);
    settle();
    const late = insert(4, 7);
    const end = ask(7, "commit");
    settle();
    expect([outcome(other), outcome(late), outcome(end)]).toEqual(["done", "fault", "fault"]);
    expect(rows()).toEqual([3]);
  });

  it("a batch is committed after 10 ms although transactions follow each other", () => {
    ask(1, "begin");
    insert(1, 1);
    ask(2, "begin");
    clock.advance(10);
    const end = ask(1, "commit");
    expect(outcome(end)).toBe("done");
    expect(outcome(ask(2, "commit"))).toBe("waits");
  });

  it("a commit that fails refuses every write that waited for it", () => {
    db.exec(
      "PRAGMA foreign_keys = ON; CREATE TABLE c (n REFERENCES t (n) DEFERRABLE INITIALLY DEFERRED)",
    );
    const good = insert(1);
    const statement = { sql: "INSERT INTO c (n) VALUES (?)", parameters: [99] };
    executor.request({ id: nextId, tx: 0, op: "query", statement });
    const bad = nextId++;
    settle();
    expect([outcome(good), outcome(bad), rows()]).toEqual(["fault", "fault", []]);
    expect(outcome(insert(5))).toBe("waits");
    settle();
    expect(rows()).toEqual([5]);
  });

  it("on a full disk every write is either there or refused, and the next good one goes on", () => {
    db.exec("CREATE TABLE big (n INTEGER PRIMARY KEY, text TEXT); PRAGMA max_page_count = 20");
    const write = (n: number): number => {
      const statement = {
        sql: "INSERT INTO big (n, text) VALUES (?, ?)",
        parameters: [n, "x".repeat(4000)],
      };
      executor.request({ id: nextId, tx: 0, op: "query", statement });
      return nextId++;
    };
    const ids = Array.from({ length: 40 }, (_, n) => write(n));
    settle();
    const outcomes = ids.map(outcome);
    expect(outcomes).toContain("fault");
    expect(outcomes).not.toContain("waits");
    const there = db
      .prepare("SELECT n FROM big ORDER BY n")
      .all()
      .map((row) => row["n"]);
    const done = outcomes.flatMap((one, n) => (one === "done" ? [n] : []));
    expect(there).toEqual(done);
    db.exec("PRAGMA max_page_count = 1000");
    const after = write(100);
    settle();
    expect(outcome(after)).toBe("done");
  });

  it("10,000 may wait; the next is refused", () => {
    ask(7, "begin");
    const ids = Array.from({ length: 10_001 }, (_, i) => insert(i));
    expect([outcome(ids[9999] ?? 0), outcome(ids[10_000] ?? 0)]).toEqual(["waits", "fault"]);
    ask(7, "commit");
    settle();
    expect(rows()).toHaveLength(10_000);
  });

  it("whatever the order, what was answered as done is there and nothing else is", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("one" as const), n: fc.nat(6) }),
      fc.record({ kind: fc.constant("tx" as const), n: fc.nat(6), isKept: fc.boolean() }),
      fc.record({ kind: fc.constant("settle" as const) }),
      fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(15) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        db.exec("DELETE FROM t");
        const written = new Map<number, number>();
        let tx = 100;
        for (const one of steps) {
          if (one.kind === "one") written.set(insert(one.n), one.n);
          else if (one.kind === "settle") settle();
          else if (one.kind === "wait") clock.advance(one.ms);
          else {
            tx += 1;
            ask(tx, "begin");
            const made = insert(one.n, tx);
            const end = ask(tx, one.isKept ? "commit" : "rollback");
            if (one.isKept && outcome(made) === "done") written.set(end, one.n);
          }
        }
        settle();
        const expected = [...written].filter(([id]) => outcome(id) === "done").map(([, n]) => n);
        expect(rows()).toEqual([...new Set(expected)].toSorted((a, b) => a - b));
        expect([...written.keys()].map(outcome)).not.toContain("waits");
      }),
      { numRuns: 300 },
    );
  });
});
