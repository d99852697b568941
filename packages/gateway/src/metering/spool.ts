import { open, readFile, rm, stat } from "node:fs/promises";
import type { UsageRow } from "../state/rows.ts";

const bytesMax = 256 * 1024 * 1024;

/** Usage rows on disk while the store is away: appended by batch, each batch synced. */
export interface Spool {
  readonly rows: number;
  /** False when the spool is full; nothing was written then. */
  append(rows: readonly UsageRow[]): Promise<boolean>;
  /** Hands over every row in order, `batch` at a time, then removes the file. */
  drain(batch: number, take: (rows: readonly UsageRow[]) => Promise<void>): Promise<void>;
}

/** Opens a spool file; rows of an earlier process are found and counted. */
export async function openSpool(path: string): Promise<Spool> {
  let bytes = 0;
  let rows = 0;
  const left = await readLeft(path);
  rows = left.length;
  bytes = left.length === 0 ? 0 : (await stat(path)).size;
  return {
    get rows() {
      return rows;
    },
    async append(batch) {
      const text = batch.map((row) => `${JSON.stringify(row)}\n`).join("");
      const size = Buffer.byteLength(text);
      if (bytes + size > bytesMax) return false;
      await using file = await open(path, "a", 0o600);
      await file.appendFile(text);
      await file.sync();
      bytes += size;
      rows += batch.length;
      return true;
    },
    async drain(batch, take) {
      const all = await readLeft(path);
      for (let from = 0; from < all.length; from += batch)
        await take(all.slice(from, from + batch));
      await rm(path, { force: true });
      bytes = 0;
      rows = 0;
    },
  };
}

/** Rows of the file; a last line that a crash cut off is left out. */
async function readLeft(path: string): Promise<UsageRow[]> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    if (isMissing(cause)) return "";
    throw cause;
  });
  return text
    .split("\n")
    .slice(0, -1)
    .flatMap((line) => {
      const value: unknown = JSON.parse(line);
      return isRow(value) ? [value] : [];
    });
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}

function isRow(value: unknown): value is UsageRow {
  return typeof value === "object" && value !== null && "id" in value && "costNano" in value;
}
