/**
 * A program with all that it starts, which outlives nobody: it ends with the process that started it,
 * also when that is killed and has no time for anything.
 *
 * ```ts
 * const child = spawn(path, words, { detached: true });
 * using group = holdGroup(child);
 * group.signal("SIGINT"); // reaches what a shell started, too
 * ```
 */
export { holdGroup, type ProgramGroup } from "./hold-group.ts";
