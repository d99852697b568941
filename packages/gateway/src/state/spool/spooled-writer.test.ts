import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../../testkit/src/eventually.ts";
import { gatewayErrors } from "../../errors.ts";
import { codeOf } from "../rows.fixture.ts";
import type { StoreHealth } from "../store.ts";
import { openSpool, type Spool } from "./spool.ts";
import { createSpooledWriter, type SpooledWriter } from "./spooled-writer.ts";

/** A store that is there or away as the case says; it knows its rows by their value. */
class Shelf {
  readonly rows: number[] = [];
  readonly refused: number[] = [];
  state: StoreHealth["state"] = "ok";
  /** Writes, but the answer gets lost. */
  isDeaf = false;
  onWrite: () => void = () => undefined;
  readonly #listeners: ((health: StoreHealth) => void)[] = [];

  health(): StoreHealth {
    return { state: this.state, sinceMs: 0, latencyMs: 0 };
  }

  onHealth(run: (health: StoreHealth) => void): void {
    this.#listeners.push(run);
  }

  become(state: StoreHealth["state"]): void {
    this.state = state;
    for (const run of this.#listeners) run(this.health());
  }

  write(rows: readonly number[]): Promise<void> {
    this.onWrite();
    const away = gatewayErrors.make("LL_STATE_UNAVAILABLE");
    if (this.state !== "ok" && !this.isDeaf) return Promise.reject(away);
    if (rows.includes(13)) return Promise.reject(gatewayErrors.make("LL_STATE_FIELD"));
    for (const row of rows) if (!this.rows.includes(row)) this.rows.push(row);
    return this.isDeaf ? Promise.reject(away) : Promise.resolve();
  }
}

const real = systemClock();
let dir: string;
let shelf: Shelf;
let clock: TestClock;
let spool: Spool;
let writer: SpooledWriter<number>;
const open = async (bytesMax?: number): Promise<void> => {
  const bound = bytesMax === undefined ? {} : { bytesMax };
  spool = await openSpool({ dir, name: "n", onDamaged: () => undefined, ...bound });
  writer = createSpooledWriter<number>({
    clock,
    store: shelf,
    spool,
    write: (rows) => shelf.write(rows),
    parse: (value) => (typeof value === "number" ? value : undefined),
    onRefused: (records) => void shelf.refused.push(records),
  });
};
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ll-writer-"));
  shelf = new Shelf();
  clock = new TestClock();
  await open();
});
afterEach(async () => {
  await writer.close();
  rmSync(dir, { recursive: true, force: true });
});

const isEmpty = (): Promise<void> => eventually(real, () => spool.bytes === 0, 10_000);

describe("spooled writer", () => {
  it("writes straight to a store that is there", async () => {
    await writer.put([1, 2]);
    expect([shelf.rows, spool.bytes]).toEqual([[1, 2], 0]);
  });

  it("keeps records on the disk while the store is away and drains them in order after", async () => {
    shelf.become("down");
    for (const n of [1, 2, 3]) await writer.put([n]);
    expect(shelf.rows).toEqual([]);
    shelf.become("ok");
    await isEmpty();
    expect(shelf.rows).toEqual([1, 2, 3]);
  });

  it("a new record queues behind spooled ones", async () => {
    shelf.become("down");
    await writer.put([1]);
    shelf.state = "ok";
    await writer.put([2]);
    expect(shelf.rows).toEqual([]);
    clock.advance(1000);
    await isEmpty();
    expect(shelf.rows).toEqual([1, 2]);
  });

  it("a write whose answer got lost is sent again and counts once", async () => {
    shelf.isDeaf = true;
    await writer.put([1]);
    expect(spool.bytes).toBeGreaterThan(0);
    shelf.isDeaf = false;
    clock.advance(1000);
    await isEmpty();
    expect(shelf.rows).toEqual([1]);
  });

  it("asks again each second while the store stays away, and loses nothing", async () => {
    shelf.become("down");
    await writer.put([1]);
    for (let i = 0; i < 3; i++) {
      clock.advance(1000);
      await real.sleep(5);
    }
    expect(shelf.rows).toEqual([]);
    shelf.state = "ok";
    await eventually(
      real,
      () => {
        clock.advance(1000);
        return shelf.rows.length > 0;
      },
      10_000,
    );
    await isEmpty();
    expect(shelf.rows).toEqual([1]);
  });

  it("records of an earlier process are drained at the start", async () => {
    shelf.become("down");
    await writer.put([7]);
    await writer.close();
    shelf.state = "ok";
    await open();
    clock.advance(0);
    await isEmpty();
    expect(shelf.rows).toEqual([7]);
  });

  it("a full spool refuses with the store's code", async () => {
    await writer.close();
    await open(40);
    shelf.become("down");
    await writer.put([1]);
    expect(await codeOf(writer.put([2, 3, 4]))).toBe("LL_STATE_UNAVAILABLE");
  });

  it("a record the store refuses for itself is left out and told, the rest goes on", async () => {
    shelf.become("down");
    await writer.put([12]);
    await writer.put([13]);
    await writer.put([14, 13]);
    shelf.become("ok");
    await isEmpty();
    expect([shelf.rows, shelf.refused]).toEqual([[12, 14], [2]]);
    expect(await codeOf(writer.put([13]))).toBe("LL_STATE_FIELD");
  });

  it("one that is closed while it looks for what the store refuses leaves the rest to the next start", async () => {
    shelf.become("down");
    await writer.put([1, 2, 13, 3]);
    let closing: Promise<void> | undefined;
    shelf.onWrite = () => void (closing ??= writer.close());
    shelf.become("ok");
    await eventually(real, () => closing !== undefined, 10_000);
    await closing;
    expect([shelf.rows, spool.bytes > 0]).toEqual([[], true]);
    await open();
    clock.advance(0);
    await isEmpty();
    expect([shelf.rows, shelf.refused]).toEqual([[1, 2, 3], [1]]);
  });
});
