import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import { isoTime } from "@loadline/kit/clock";
import type { LoadlineError } from "@loadline/kit/errors";
import type { Random } from "@loadline/kit/random";
import { validatorErrors } from "../errors.ts";

/** `<UTC time>-<short id>`, sortable, fit for a file name everywhere. */
export function runName(clock: Clock, random: Random): string {
  const time = isoTime(clock).replace(/[-:]/g, "").replace(/\.\d+/, "");
  return `${time}-${Buffer.from(random.bytes(4)).toString("hex")}`;
}

/** Makes a directory and its parents, one by one: the recursive call never ends under `/proc`. */
function makeParents(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeParents(parent);
  mkdirSync(path);
}

/** Makes the directory of one run with its `artifacts/`. @throws LL_RUN_DIRECTORY */
export function makeRunDirectory(runsDir: string, run: string): string {
  const path = resolve(runsDir, run);
  try {
    if (existsSync(path)) throw new Error("a run of this name exists");
    makeParents(join(path, "artifacts"));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw validatorErrors.make("LL_RUN_DIRECTORY", `${path}: ${why}.`, { cause });
  }
  return path;
}

function fsyncPath(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function writeSynced(path: string, content: string | Uint8Array): void {
  const handle = openSync(path, "w", 0o644);
  try {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** What ends a run whose evidence finds no place: what was seen is not kept, so nothing is decided. */
export function writeFailure(path: string, cause: unknown): LoadlineError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return validatorErrors.make("LL_RUN_WRITE", `${path}: ${why}.`, { cause });
}

/** Writes a file whole or not at all: under another name, fsync, rename. @throws LL_RUN_WRITE */
export function writeWhole(directory: string, name: string, content: string | Uint8Array): void {
  const temporary = join(directory, `.${name.replaceAll("/", "-")}.partial`);
  try {
    writeSynced(temporary, content);
    renameSync(temporary, join(directory, name));
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw writeFailure(join(directory, name), cause);
  }
  fsyncPath(directory);
}
