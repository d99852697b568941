import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { modelErrors } from "./error-table.ts";
import { checkGguf } from "./gguf.ts";

const pieceBytes = 1024 * 1024;

/**
 * Rejects with `LL_MODEL_LOAD` when there is no such file and `LL_MODEL_DAMAGED` when it is no whole GGUF
 * file or not the one that a `SHA256SUMS` beside it lists.
 */
export async function checkModelFile(path: string): Promise<void> {
  if (!existsSync(path)) throw modelErrors.make("LL_MODEL_LOAD", `${path}: no such file.`);
  const check = checkGguf(path);
  if (!check.ok) throw modelErrors.make("LL_MODEL_DAMAGED", `${path}: ${check.reason}.`);
  const wanted = listedChecksum(path);
  if (wanted !== undefined && (await fileChecksum(path)) !== wanted) {
    throw modelErrors.make("LL_MODEL_DAMAGED", `${path}: not the bytes SHA256SUMS lists.`);
  }
}

/** The SHA-256 that a `SHA256SUMS` beside the file lists for it; undefined when there is none. */
export function listedChecksum(path: string): string | undefined {
  const list = join(dirname(path), "SHA256SUMS");
  if (!existsSync(list)) return undefined;
  const name = basename(path);
  for (const line of readFileSync(list, "utf8").split("\n")) {
    const match = /^([0-9a-f]{64}) [ *](.+)$/.exec(line);
    if (match?.[2] === name) return match[1];
  }
  return undefined;
}

/** SHA-256 of a file in lower-case hex, read in pieces without holding up what else runs. */
export async function fileChecksum(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path, { highWaterMark: pieceBytes }))
    hash.update(piece);
  return hash.digest("hex");
}
