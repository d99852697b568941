import { existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import { isoTime } from "@loadline/kit/clock";
import type { LoadlineError } from "@loadline/kit/errors";
import type { Random } from "@loadline/kit/random";
import { replaceFileSync } from "@loadline/kit/whole-file";
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

/** What ends a run whose evidence finds no place: what was seen is not kept, so nothing is decided. */
export function writeFailure(
  path: string,
  cause: unknown,
  seconds: readonly unknown[] = [],
): LoadlineError {
  const why = [cause, ...seconds].map((one) => (one instanceof Error ? one.message : String(one)));
  return validatorErrors.make("LL_RUN_WRITE", `${path}: ${why.join("; then ")}.`, { cause });
}

/** Writes a file of a run whole or not at all. @throws LL_RUN_WRITE */
export function writeWhole(directory: string, name: string, content: string | Uint8Array): void {
  const path = join(directory, name);
  const seconds: unknown[] = [];
  const onSecond = (cause: unknown): void => void seconds.push(cause);
  try {
    replaceFileSync(path, content, { mode: 0o644, onSecond });
  } catch (cause) {
    throw writeFailure(path, cause, seconds);
  }
}
