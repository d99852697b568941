import { describe, expect, it } from "vitest";
import { withLast, withLastSync } from "./index.ts";

function giveOr(end: Error | string | undefined): string | undefined {
  if (end instanceof Error) throw end;
  return end;
}

/** What a run and its last step end with, and what is told of the second of two errors. */
const ways = {
  async withLast(run: Error | string, last: Error | undefined): Promise<unknown[]> {
    const told: unknown[] = [];
    let isLastDone = false;
    const end = await withLast(
      async () => giveOr(run),
      async () => {
        isLastDone = true;
        return giveOr(last);
      },
      (cause) => void told.push(cause),
    ).catch((cause: unknown) => cause);
    expect(isLastDone).toBe(true);
    return [end, ...told];
  },
  async withLastSync(run: Error | string, last: Error | undefined): Promise<unknown[]> {
    const told: unknown[] = [];
    let isLastDone = false;
    const both = async (): Promise<unknown> =>
      withLastSync(
        () => giveOr(run),
        () => {
          isLastDone = true;
          giveOr(last);
        },
        (cause) => void told.push(cause),
      );
    const end = await both().catch((cause: unknown) => cause);
    expect(isLastDone).toBe(true);
    return [end, ...told];
  },
};

describe.each(["withLast", "withLastSync"] as const)("of two errors, %s", (way) => {
  const ended = ways[way];
  const full = new Error("ENOSPC");
  const denied = new Error("EACCES");

  it("the first is thrown and the second is told", async () => {
    expect(await ended(full, denied)).toEqual([full, denied]);
  });

  it("the only one is thrown, wherever it came from", async () => {
    expect(await ended(full, undefined)).toEqual([full]);
    expect(await ended("value", denied)).toEqual([denied]);
  });

  it("neither leaves the value", async () => {
    expect(await ended("value", undefined)).toEqual(["value"]);
  });
});
