import { canonicalJson } from "@loadline/contract/canonical-json";
import { z } from "zod";
import { parseJson } from "@loadline/kit/json";
import type { SigningKey, VerifyingKey } from "./signing-key.ts";

const headDomain = "loadline-audit-head-1\n";
const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
/** A head covers at most this many new entries, so that its line stays below 16 KiB. */
export const headEntriesMax = 1000;
/** Bytes of each entry's hash kept in a head: they name the entry, the root proves it. */
export const markBytes = 8;

const headSchema = z.strictObject({
  v: z.literal(1),
  tenant: z.string().min(1).max(256),
  /** Entries the root covers. */
  size: z.int().min(1),
  /** Size of the head before. */
  from: z.int().min(0),
  root: hex64,
  /** Right edge of the tree, largest first. */
  edge: z.array(hex64).max(54),
  /** Base64 of the first 8 bytes of each hash from `from` + 1 to `size`. */
  marks: z.string().max(16_384),
  ts: z.string(),
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
});
/** A head as it stands in a file or in a proof; whether its signature holds is another question. */
export const signedHeadSchema = headSchema.extend({ sig: z.string().max(128) });

/** The Merkle root of one tenant's chain at one size. */
export type AuditHeadRecord = z.output<typeof headSchema>;
export type SignedHead = z.output<typeof signedHeadSchema>;

export function signHead(head: AuditHeadRecord, key: SigningKey): SignedHead {
  return { ...head, sig: key.sign(textOf(head)) };
}

export function isHeadSigned(signed: SignedHead, key: VerifyingKey): boolean {
  const { sig, ...head } = signed;
  return head.keyId === key.id && key.isSigned(textOf(head), sig);
}

export function headLine(head: SignedHead): string {
  return `${canonicalJson(head)}\n`;
}

export interface HeadFile {
  readonly heads: readonly SignedHead[];
  /** Numbers, from 1, of lines that are no heads; an unfinished last line is not among them. */
  readonly badLines: readonly number[];
}

/** Reads a file of heads; a last line without its line feed was cut by a crash and is left out. */
export function parseHeads(text: string): HeadFile {
  const lines = text.split("\n");
  lines.pop();
  const heads: SignedHead[] = [];
  const badLines: number[] = [];
  lines.forEach((line, i) => {
    const head = parseHead(line);
    if (head) heads.push(head);
    else badLines.push(i + 1);
  });
  return { heads, badLines };
}

/** The marks of one head, decoded. */
export interface HeadMarks {
  readonly from: number;
  readonly size: number;
  readonly marks: Buffer;
}

export function marksOf({ from, size, marks }: SignedHead): HeadMarks {
  return { from, size, marks: Buffer.from(marks, "base64") };
}

/** The mark of entry `seq` in hex; the head must cover it. */
export function markAt({ from, marks }: HeadMarks, seq: number): string {
  const at = (seq - from - 1) * markBytes;
  return marks.toString("hex", at, at + markBytes);
}

function parseHead(line: string): SignedHead | undefined {
  return signedHeadSchema.safeParse(parseJson(line)).data;
}

function textOf(head: AuditHeadRecord): string {
  return headDomain + canonicalJson(head);
}
