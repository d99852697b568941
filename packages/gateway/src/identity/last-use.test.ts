import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import type { KeyUse } from "./authenticator.ts";
import { createLastUseWriter } from "./last-use.ts";

/** A writer over a list of uses and a store that may not answer. */
function bench() {
  const clock = new TestClock();
  const writes: number[] = [];
  const failures: unknown[] = [];
  let waiting: KeyUse[] = [];
  let fault: Error | undefined;
  const writer = createLastUseWriter({
    clock,
    takeUses: () => waiting.splice(0),
    keys: {
      async touch(uses) {
        if (fault) throw fault;
        writes.push(uses.length);
      },
    },
    onFailure: (cause) => void failures.push(cause),
  });
  return {
    clock,
    writer,
    writes,
    failures,
    use: (count: number) =>
      void (waiting = Array.from({ length: count }, (_, i) => ({ id: `k${i}`, lastUsedAt: i }))),
    fail: (cause: Error | undefined) => void (fault = cause),
  };
}

describe("the last uses of keys", () => {
  it("are written 1,000 a write at most, and none when no key was used", async () => {
    const { clock, writes, use } = bench();
    use(2001);
    clock.advance(59_999);
    expect(writes).toEqual([]);
    clock.advance(1);
    await expect.poll(() => writes).toEqual([1000, 1000, 1]);
    clock.advance(60_000);
    await expect.poll(() => writes).toEqual([1000, 1000, 1]);
  });

  it("a write that fails is told, and a minute later the next one is tried", async () => {
    const { clock, writes, failures, use, fail } = bench();
    const gone = new Error("gone");
    fail(gone);
    use(1);
    clock.advance(60_000);
    await expect.poll(() => failures).toEqual([gone]);
    fail(undefined);
    use(1);
    await expect
      .poll(() => {
        clock.advance(60_000);
        return writes.length;
      })
      .toBe(1);
    expect(failures).toHaveLength(1);
  });

  it("what is left is written at the end, and nothing after it", async () => {
    const { clock, writer, writes, use } = bench();
    use(3);
    await writer.close();
    expect(writes).toEqual([3]);
    use(4);
    clock.advance(600_000);
    expect(writes).toEqual([3]);
  });
});
