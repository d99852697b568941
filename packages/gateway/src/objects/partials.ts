import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { opendir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Random } from "@loadline/kit/random";
import { codeOf } from "@loadline/kit/errors";
import { isAlive, processStart } from "../state/owner.ts";

/** The folder of a store in which objects are written; no key has a dot, so it is nobody's. */
export const partialsFolder = ".partial";
/** Names that one sweep looks at: each process that lives holds two at most. */
const sweptNamesMax = 10_000;
/** One whose writer cannot be asked for is left alone this long; a call takes 60 s at most. */
const strangerAgeMs = 3_600_000;

const nameBytes = 8;
const namePattern = /^[0-9a-f]{16}\.([0-9a-f]{12})-([0-9]{1,10})-([0-9]{1,20})\.partial$/;

/** What a sweep did; `failed`: could not be looked at or removed. */
export interface Swept {
  readonly removed: number;
  readonly failed: number;
  /** Why the first one failed, or why the sweep did not come to its end. */
  readonly cause?: unknown;
}

/** Where objects of this process are while they are written; the names say whose they are. */
export class Partials {
  readonly #place = placeOfProcesses();
  readonly #open = new Set<string>();
  readonly #folder: string;
  readonly #random: Random;

  constructor(root: string, random: Random) {
    this.#folder = join(root, partialsFolder);
    this.#random = random;
  }

  get folder(): string {
    return this.#folder;
  }

  /** Runs with the path of a new one, which no sweep of this process takes meanwhile. */
  async hold<T>(run: (path: string) => Promise<T>): Promise<T> {
    const unique = Buffer.from(this.#random.bytes(nameBytes)).toString("hex");
    const start = processStart(process.pid) ?? 0;
    const name = `${unique}.${this.#place}-${process.pid}-${start}.partial`;
    this.#open.add(name);
    try {
      return await run(join(this.#folder, name));
    } finally {
      this.#open.delete(name);
    }
  }

  /**
   * Removes of these names what processes that are gone have left. One of a process that cannot be
   * asked for (another machine or container, or before the last boot) goes after an hour.
   */
  async sweep(names: readonly string[], wallMs: number): Promise<Swept> {
    let [removed, failed] = [0, 0];
    let first: unknown;
    for (const name of names) {
      const path = join(this.#folder, name);
      try {
        if (!(await this.#isLeft(name, path, wallMs))) continue;
        await rm(path, { force: true });
        removed++;
      } catch (cause) {
        // Another process sweeps the same folder.
        if (isMissing(cause)) continue;
        failed++;
        first ??= cause;
      }
    }
    return { removed, failed, ...(failed > 0 && { cause: first }) };
  }

  /** What is in the folder, at most 10,000 names. */
  async names(): Promise<string[]> {
    const names: string[] = [];
    try {
      for await (const { name } of await opendir(this.#folder)) {
        if (names.push(name) >= sweptNamesMax) break;
      }
    } catch (cause) {
      if (!isMissing(cause)) throw cause;
    }
    return names;
  }

  async #isLeft(name: string, path: string, wallMs: number): Promise<boolean> {
    const [, place, pid, startTicks] = namePattern.exec(name) ?? [];
    if (place === undefined || this.#open.has(name)) return false;
    if (place !== this.#place) return wallMs - (await stat(path)).mtimeMs > strangerAgeMs;
    const writer = { pid: Number(pid), startTicks: Number(startTicks) };
    return writer.pid === process.pid || !isAlive(writer);
  }
}

/** Processes with the same mark see each other by pid: one boot of a machine, one container. */
function placeOfProcesses(): string {
  const marks = [
    hostname(),
    orEmpty(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    orEmpty(() => readlinkSync("/proc/self/ns/pid")),
  ];
  return createHash("sha256").update(marks.join("\n")).digest("hex").slice(0, 12);
}

/** Where there is no /proc, the name of the machine has to do. */
function orEmpty(read: () => string): string {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof Error && "code" in cause) return "";
    throw cause;
  }
}

function isMissing(cause: unknown): boolean {
  return codeOf(cause) === "ENOENT";
}
