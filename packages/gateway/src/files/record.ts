import { createHash } from "node:crypto";
import { isRecord, parseJson } from "@loadline/kit/json";
import { gatewayErrors } from "../errors.ts";

/** What is known of a file; it stands in front of the file's bytes in the same object. */
export interface FileRecord {
  readonly id: string;
  readonly tenantId: string;
  readonly ownerId: string;
  readonly filename: string;
  readonly purpose: string;
  readonly bytes: number;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  /** Lower-case hexadecimal SHA-256 of the bytes. */
  readonly sha256: string;
}

/** No record is longer: a name of 255 characters is below 3,100 bytes of it. */
export const recordBytesMax = 4096;

const version = 1;
const lineEnd = 0x0a;
const idPattern = /^file-[0-9a-f]{24}$/;
const timeMax = 2 ** 48 - 1;
const randomBytes = 6;

/** Ids sort the newest first, so that a listing needs no other order. */
export function newFileId(wallMs: number, random: (count: number) => Uint8Array): string {
  const time = (timeMax - Math.floor(wallMs)).toString(16).padStart(12, "0");
  return `file-${time}${Buffer.from(random(randomBytes)).toString("hex")}`;
}

export function isFileId(text: string): boolean {
  return idPattern.test(text);
}

/** Where a tenant's files are; ids in it are encoded, so that none reaches beyond its own. */
export function prefixOf(tenantId: string): string {
  return `files/${encoded(tenantId)}/`;
}

/** The key names the owner, so that nothing has to be read to know whose it is. */
export function keyOf({
  tenantId,
  id,
  ownerId,
}: Pick<FileRecord, "tenantId" | "id" | "ownerId">): string {
  return `${prefixOf(tenantId)}${id}_${encoded(ownerId)}`;
}

/** Id and owner that a key names; undefined for what is not of us. */
export function readKey(key: string): { id: string; ownerId: string } | undefined {
  const name = key.slice(key.lastIndexOf("/") + 1);
  const at = name.indexOf("_");
  const id = name.slice(0, at);
  if (at < 0 || !isFileId(id)) return undefined;
  return { id, ownerId: Buffer.from(name.slice(at + 1), "base64url").toString("utf8") };
}

/** The object: one line of JSON, then the bytes. */
export function encodeFile(record: FileRecord, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify({ v: version, ...record })}\n`), bytes]);
}

/** SHA-256 of bytes as a record has it. */
export function digestOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The record of an object, of which its first `recordBytesMax` bytes are enough. @throws LL_FILE_DAMAGED */
export function readRecord(object: Buffer): FileRecord {
  return split(object).record;
}

/** Record and bytes of a whole object, compared with its digest. @throws LL_FILE_DAMAGED */
export function readFile(object: Buffer): { record: FileRecord; bytes: Buffer } {
  const { record, bytes } = split(object);
  if (bytes.length === record.bytes && digestOf(bytes) === record.sha256) return { record, bytes };
  throw gatewayErrors.make("LL_FILE_DAMAGED");
}

function split(object: Buffer): { record: FileRecord; bytes: Buffer } {
  const end = object.subarray(0, recordBytesMax).indexOf(lineEnd);
  const value = end < 0 ? undefined : parsed(object.toString("utf8", 0, end));
  const record = value === undefined ? undefined : recordOf(value);
  if (record === undefined) throw gatewayErrors.make("LL_FILE_DAMAGED");
  return { record, bytes: object.subarray(end + 1) };
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  const value = parseJson(text);
  return isRecord(value) ? value : undefined;
}

function recordOf(value: Readonly<Record<string, unknown>>): FileRecord | undefined {
  const { v, id, tenantId, ownerId, filename, purpose, bytes, createdAt, sha256 } = value;
  const texts = [id, tenantId, ownerId, filename, purpose, sha256];
  const isWhole = texts.every((one) => typeof one === "string") && v === version;
  if (!isWhole || !Number.isSafeInteger(bytes) || !Number.isSafeInteger(createdAt))
    return undefined;
  return {
    id: String(id),
    tenantId: String(tenantId),
    ownerId: String(ownerId),
    filename: String(filename),
    purpose: String(purpose),
    bytes: Number(bytes),
    createdAt: Number(createdAt),
    sha256: String(sha256),
  };
}

function encoded(text: string): string {
  return Buffer.from(text, "utf8").toString("base64url");
}
