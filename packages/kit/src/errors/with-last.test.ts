import { describe, expect, it } from "vitest";
import { withLast } from "./index.ts";

/** What a run and its last step end with, and what is told of the second of two errors. */
async function ended(run: Error | string, last: Error | undefined): Promise<unknown[]> {
  const told: unknown[] = [];
  let isLastDone = false;
  const end = await withLast(
    () => (typeof run === "string" ? Promise.resolve(run) : Promise.reject(run)),
    () => {
      isLastDone = true;
      return last ? Promise.reject(last) : Promise.resolve();
    },
    (cause) => void told.push(cause),
  ).catch((cause: unknown) => cause);
  expect(isLastDone).toBe(true);
  return [end, ...told];
}

describe("of two errors", () => {
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
