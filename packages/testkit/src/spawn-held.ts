import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { holdGroup } from "@loadline/kit/program-group";

/**
 * Starts a program that ends with this process, with what it started: a run of tests that is killed
 * leaves nothing behind. What it leaves when it ends by itself is its own business.
 */
export function spawnHeld(
  path: string,
  words: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  const child = spawn(path, words, { ...options, detached: true });
  const group = holdGroup(child);
  const release = (): void => group[Symbol.dispose]();
  child.once("exit", release);
  child.once("error", release);
  return child;
}
