import { readFile, readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { gunzipSync } from "node:zlib";
import { bundleBytesMax } from "@loadline/contract";
import { validatorErrors } from "../errors.ts";

const blockBytes = 512;

function refuse(path: string, why: string, cause?: unknown): Error {
  return validatorErrors.make("LL_BUNDLE_READ", `${path}: ${why}.`, { cause });
}

async function readDirectory(path: string): Promise<Map<string, Uint8Array>> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = new Map<string, Uint8Array>();
  let total = 0;
  for (const entry of entries.filter((e) => e.isFile())) {
    const full = join(entry.parentPath, entry.name);
    const name = relative(path, full).replaceAll("\\", "/");
    total += (await stat(full)).size;
    if (total > bundleBytesMax) throw refuse(path, "over 1 GiB");
    files.set(name, await readFile(full));
  }
  return files;
}

function cString(block: Buffer, from: number, to: number): string {
  const field = block.subarray(from, to);
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? field.length : end).toString("utf8");
}

/** Regular files of a ustar archive, with the one common top folder taken off. */
function readTar(path: string, bytes: Buffer): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + blockBytes <= bytes.length;) {
    const head = bytes.subarray(at, at + blockBytes);
    if (head.every((byte) => byte === 0)) break;
    const size = Number.parseInt(cString(head, 124, 136).trim(), 8);
    if (!Number.isInteger(size) || size < 0) throw refuse(path, "not a tar archive");
    const prefix = cString(head, 345, 500);
    const name = `${prefix === "" ? "" : `${prefix}/`}${cString(head, 0, 100)}`;
    const type = cString(head, 156, 157);
    const start = at + blockBytes;
    if (start + size > bytes.length) throw refuse(path, "the archive is cut short");
    if (type === "0" || type === "") files.set(name, bytes.subarray(start, start + size));
    at = start + Math.ceil(size / blockBytes) * blockBytes;
  }
  return withoutTop(files);
}

function withoutTop(files: Map<string, Uint8Array>): Map<string, Uint8Array> {
  const names = [...files.keys()].map((name) => name.replace(/^\.\//, ""));
  const manifest = names.find((name) => /(^|\/)manifest\.json$/.test(name) && !/\/.*\//.test(name));
  const top = manifest?.includes("/") ? manifest.slice(0, manifest.indexOf("/") + 1) : "";
  const rows = [...files].map(([name, bytes]) => {
    const plain = name.replace(/^\.\//, "");
    return [plain.startsWith(top) ? plain.slice(top.length) : plain, bytes] as const;
  });
  return new Map(rows);
}

/** The files of a bundle by path: a run directory, a tar or a tar.gz. @throws LL_BUNDLE_READ */
export async function readBundle(path: string): Promise<Map<string, Uint8Array>> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return await readDirectory(path);
    if (found.size > bundleBytesMax) throw refuse(path, "over 1 GiB");
    const bytes = await readFile(path);
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return readTar(path, isGzip ? gunzipSync(bytes, { maxOutputLength: bundleBytesMax }) : bytes);
  } catch (cause) {
    if (cause instanceof Error && cause.name === "LoadlineError") throw cause;
    throw refuse(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
}
