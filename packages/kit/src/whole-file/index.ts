/**
 * Files that are there whole or not at all, whatever ends the process that writes them.
 *
 * ```ts
 * replaceFileSync(join(runDir, "verdict.json"), text, { mode: 0o644, onSecond });
 * ```
 */
export { replaceFile, syncFolder, writeSynced } from "./whole-file.ts";
export { replaceFileSync } from "./whole-file-sync.ts";
