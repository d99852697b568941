import { createMerkleTail, provesConsistency, provesLeaf } from "@loadline/kit/merkle";
import { isRecord, parseJson } from "@loadline/kit/json";
import { z } from "zod";
import { gatewayErrors } from "../errors.ts";
import type { AuditRepository } from "../state/repositories.ts";
import { type ChainStart } from "./checkpoint.ts";
import { entryHash } from "./entry.ts";
import { type HeadFile, isHeadSigned, type SignedHead, signedHeadSchema } from "./head.ts";
import type { VerifyingKey } from "./signing-key.ts";

const path = z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(128);

const inclusionSchema = z.strictObject({
  kind: z.literal("inclusion"),
  v: z.literal(1),
  /** The entry's text, as it is stored. */
  entry: z.string().max(1_048_576),
  seq: z.int().min(1),
  /** The signed head whose root the path leads to. */
  head: signedHeadSchema,
  path,
});
const consistencySchema = z.strictObject({
  kind: z.literal("consistency"),
  v: z.literal(1),
  first: signedHeadSchema,
  second: signedHeadSchema,
  path,
});
const proofSchema = z.discriminatedUnion("kind", [inclusionSchema, consistencySchema]);

/** That an entry is in the log a head signed, or that one head's log is the beginning of another's. */
export type AuditProof = z.output<typeof proofSchema>;

export interface ProveInput {
  readonly audit: Pick<AuditRepository, "query">;
  readonly heads: HeadFile;
  readonly key: VerifyingKey;
  readonly tenant: string;
  readonly start: ChainStart;
}

const pageMax = 1000;

/** Proves one entry by the smallest head that covers it. LL_AUDITLOG_PROOF when that is not possible. */
export async function proveEntry(input: ProveInput, seq: number): Promise<AuditProof> {
  const head = ownHeads(input).find(({ size }) => size >= seq);
  if (!head) throw noProof(`no signed head of ${input.tenant} covers entry ${seq}`);
  if (seq <= input.start.seq) throw noProof(`entry ${seq} was removed behind a checkpoint`);
  const { hashes, entries } = await readChain(input, head.size, seq);
  const entry = entries.get(seq);
  if (entry === undefined) throw noProof(`entry ${seq} is missing`);
  const tail = tailOf(input.start, hashes);
  const steps = tail.inclusion(seq - 1, head.size);
  return checked({ kind: "inclusion", v: 1, entry, seq, head, path: steps.map(hex) }, input.key);
}

/** Proves that the oldest head at hand, or that of `size`, is the beginning of the newest one. */
export async function proveConsistency(
  input: ProveInput,
  size: number | undefined,
): Promise<AuditProof> {
  const heads = ownHeads(input).filter((head) => head.size >= Math.max(1, input.start.seq));
  const first = size === undefined ? heads[0] : heads.find((head) => head.size === size);
  const second = heads.at(-1);
  if (!first || !second) throw noProof(`no such signed head of ${input.tenant} is at hand`);
  const { hashes } = await readChain(input, second.size, 0);
  const steps = tailOf(input.start, hashes).consistency(first.size, second.size);
  return checked({ kind: "consistency", v: 1, first, second, path: steps.map(hex) }, input.key);
}

/**
 * What is wrong with a proof, in a sentence; undefined when it holds. Needs the public key and
 * nothing else.
 */
export function faultOfProof(text: string, key: VerifyingKey): string | undefined {
  const proof = parse(text);
  if (!proof) return "the document is no proof.";
  const heads = proof.kind === "inclusion" ? [proof.head] : [proof.first, proof.second];
  if (!heads.every((head) => isHeadSigned(head, key))) return "a head is not signed by this key.";
  return proof.kind === "inclusion" ? entryFault(proof) : growthFault(proof);
}

function entryFault({ entry, seq, head, path: steps }: z.output<typeof inclusionSchema>) {
  const value = parseJson(entry);
  if (!isRecord(value)) return "the entry is no JSON object.";
  if (value["hash"] !== entryHash(value)) return "the entry was changed.";
  if (value["tenant"] !== head.tenant) return "the entry belongs to another tenant.";
  if (value["seq"] !== seq) return "the entry has another number.";
  const leaf = Buffer.from(String(value["hash"]), "hex");
  const at = { index: seq - 1, size: head.size };
  const isProven = provesLeaf(leaf, at, steps.map(bytes), bytes(head.root));
  return isProven ? undefined : "the path does not lead to the root that was signed.";
}

function growthFault({ first, second, path: steps }: z.output<typeof consistencySchema>) {
  if (first.tenant !== second.tenant) return "the heads belong to two tenants.";
  const old = { size: first.size, root: bytes(first.root) };
  const now = { size: second.size, root: bytes(second.root) };
  const isProven = provesConsistency(old, now, steps.map(bytes));
  return isProven ? undefined : "the first log is not the beginning of the second.";
}

/** A log that was changed gives paths that lead nowhere: such a proof is never handed out. */
function checked(proof: AuditProof, key: VerifyingKey): AuditProof {
  const fault = faultOfProof(JSON.stringify(proof), key);
  if (fault !== undefined) throw noProof(fault.replace(/\.$/, ""));
  return proof;
}

/** Signed heads of the tenant, smallest first. */
function ownHeads({ heads, key, tenant }: ProveInput): SignedHead[] {
  const own = heads.heads.filter((head) => head.tenant === tenant && isHeadSigned(head, key));
  return own.toSorted((a, b) => a.size - b.size);
}

/** The hashes up to `size`, and the text of the entry `seq`. */
async function readChain({ audit, tenant, start }: ProveInput, size: number, seq: number) {
  const hashes: Buffer[] = [];
  const entries = new Map<number, string>();
  for (let at = start.seq; at < size;) {
    const limit = Math.min(pageMax, size - at);
    const rows = await audit.query({ tenantId: tenant, afterSeq: at, order: "asc", limit });
    for (const row of rows) {
      if (row.seq !== ++at) throw noProof(`entry ${at} is missing`);
      hashes.push(Buffer.from(row.hash, "hex"));
      if (row.seq === seq) entries.set(seq, row.entry);
    }
    if (rows.length === 0) throw noProof(`entry ${at + 1} is missing`);
  }
  return { hashes, entries };
}

function tailOf(start: ChainStart, hashes: readonly Buffer[]) {
  return createMerkleTail(start.seq, start.edge, hashes);
}

function noProof(what: string) {
  return gatewayErrors.make("LL_AUDITLOG_PROOF", `${what}.`);
}

function parse(text: string): AuditProof | undefined {
  return proofSchema.safeParse(parseJson(text)).data;
}

const hex = (hash: Buffer): string => hash.toString("hex");
const bytes = (text: string): Buffer => Buffer.from(text, "hex");
