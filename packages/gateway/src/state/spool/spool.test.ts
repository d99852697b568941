import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSpool, type Spool } from "./spool.ts";

let dir: string;
let damaged: number;
let opened: Spool[];
beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), "ll-spool-")), "spool");
  damaged = 0;
  opened = [];
});
afterEach(async () => {
  for (const spool of opened) await spool.close();
  rmSync(join(dir, ".."), { recursive: true, force: true });
});

async function open(o: { bytesMax?: number; name?: string } = {}): Promise<Spool> {
  const onDamaged = (lines: number): void => void (damaged += lines);
  const spool = await openSpool({ dir, name: "usage", onDamaged, ...o });
  opened.push(spool);
  return spool;
}

/** All that is in the spool, in order. */
async function drained(spool: Spool): Promise<unknown[]> {
  const all: unknown[] = [];
  await spool.drain((records) => {
    all.push(...records);
    return Promise.resolve();
  });
  return all;
}

const numbers = (count: number, from = 0): number[] =>
  Array.from({ length: count }, (_, i) => from + i);

describe("spool", () => {
  it("gives back what was appended, in order, at most 500 at once, and is empty then", async () => {
    const spool = await open();
    await Promise.all(numbers(30).map((i) => spool.append(numbers(50, i * 50))));
    const sizes: number[] = [];
    const all: unknown[] = [];
    await spool.drain((records) => {
      sizes.push(records.length);
      all.push(...records);
      return Promise.resolve();
    });
    expect(all).toEqual(numbers(1500));
    expect(Math.max(...sizes)).toBe(500);
    expect([spool.bytes, readdirSync(dir)]).toEqual([0, []]);
  });

  it("outlives the process: the next one drains what is left", async () => {
    const before = await open();
    await before.append([1, 2]);
    await before.close();
    const after = await open();
    expect(after.bytes).toBeGreaterThan(0);
    await after.append([3]);
    expect(await drained(after)).toEqual([1, 2, 3]);
  });

  it("keeps its files to their owner", async () => {
    const spool = await open();
    await spool.append([1]);
    const [file = ""] = readdirSync(dir);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600);
  });

  it("refuses a batch beyond its bound and keeps what it has", async () => {
    const spool = await open({ bytesMax: 100 });
    expect(await spool.append(["x".repeat(50)])).toBe(true);
    expect(await spool.append(["y".repeat(50)])).toBe(false);
    expect(await drained(spool)).toEqual(["x".repeat(50)]);
    expect(await spool.append(["y".repeat(50)])).toBe(true);
  });

  it("a batch that nobody took is handed over again, with what follows it", async () => {
    const spool = await open();
    await spool.append([1, 2]);
    await expect(spool.drain(() => Promise.reject(new Error("away")))).rejects.toThrow("away");
    await spool.append([3]);
    expect(await drained(spool)).toEqual([1, 2, 3]);
  });

  it("what is appended while it drains comes after", async () => {
    const spool = await open();
    await spool.append([1]);
    const seen: unknown[] = [];
    await spool.drain(async (records) => {
      seen.push(...records);
      if (seen.length < 4) await spool.append([seen.length + 1]);
    });
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it("a second drain beside the first hands nothing over twice", async () => {
    const spool = await open();
    await spool.append(numbers(10));
    const seen: unknown[] = [];
    const take = (records: readonly unknown[]): Promise<void> => {
      seen.push(...records);
      return Promise.resolve();
    };
    await Promise.all([spool.drain(take), spool.drain(take)]);
    expect(seen).toEqual(numbers(10));
  });

  it("a file that a crash cut off loses its last line only, and says so", async () => {
    const before = await open();
    await before.append([1, 2]);
    await before.close();
    const [file = ""] = readdirSync(dir);
    writeFileSync(join(dir, file), '0badf00d {"half', { flag: "a" });
    const after = await open();
    expect(await drained(after)).toEqual([1, 2]);
    expect(damaged).toBe(1);
  });

  it("two spools of one folder keep apart, and foreign files are left alone", async () => {
    const usage = await open();
    const audit = await open({ name: "audit" });
    await usage.append(["u"]);
    await audit.append(["a"]);
    writeFileSync(join(dir, "usage-notes.txt"), "not ours");
    const again = await open({ name: "audit" });
    expect(await drained(again)).toEqual(["a"]);
    expect(await drained(usage)).toEqual(["u"]);
    expect(readdirSync(dir)).toEqual(["usage-notes.txt"]);
  });

  it("starts another file beyond 4 MiB", async () => {
    const spool = await open();
    const large = "z".repeat(1024 * 1024);
    for (let i = 0; i < 6; i++) await spool.append([large]);
    expect(readdirSync(dir)).toHaveLength(2);
    expect(await drained(spool)).toHaveLength(6);
  });
});
