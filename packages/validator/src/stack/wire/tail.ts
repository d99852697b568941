import { open, stat } from "node:fs/promises";
import { codeOf } from "@loadline/kit/errors";
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
  const unread = (cause: unknown): never => {
    const why = codeOf(cause);
    throw new WireFault("protocol", `${path} cannot be read (${why})`);
  };
  // A pipe would let its reader wait for a writer.
  const found = await stat(path).catch(unread);
  if (!found.isFile()) throw new WireFault("protocol", `${path} is no file`);
  const file = await open(path, "r").catch(unread);
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
    if (from > 0 && lines.length === 0) {
      throw new WireFault(
        "protocol",
        `the last ${bytesMax} bytes of ${path} hold no end of a line`,
      );
    }
    if (lines.at(-1) === "") lines.pop();
    return { lines, isWhole: from === 0, changedMs: mtimeMs };
  } finally {
    await file.close();
  }
}
