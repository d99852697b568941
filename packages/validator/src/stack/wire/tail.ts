import { open } from "node:fs/promises";
import { WireFault } from "./fault.ts";

/** The end of a file. */
export interface Tail {
  readonly lines: readonly string[];
  /** Number of the first line where the file was read from its start; else counted from there. */
  readonly isWhole: boolean;
  readonly changedMs: number;
}

/** The last `bytesMax` bytes as lines. @throws WireFault for a file that cannot be read. */
export async function readTail(path: string, bytesMax: number): Promise<Tail> {
  const file = await open(path, "r").catch((cause: unknown) => {
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new WireFault("protocol", `${path} cannot be read (${why})`);
  });
  try {
    const { size, mtimeMs } = await file.stat();
    const from = Math.max(0, size - bytesMax);
    const bytes = Buffer.alloc(size - from);
    let read = 0;
    while (read < bytes.length) {
      const { bytesRead } = await file.read(bytes, read, bytes.length - read, from + read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    const lines = bytes.subarray(0, read).toString("utf8").split(/\r?\n/);
    // The first of a file read from its middle is half a line.
    if (from > 0) lines.shift();
    if (lines.at(-1) === "") lines.pop();
    return { lines, isWhole: from === 0, changedMs: mtimeMs };
  } finally {
    await file.close();
  }
}
