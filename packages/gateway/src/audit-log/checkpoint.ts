import { canonicalJson } from "@loadline/contract/canonical-json";
import { createMerkleTree } from "@loadline/kit/merkle";
import { z } from "zod";
import { parseJson } from "@loadline/kit/json";
import type { FactRepository } from "../state/repositories.ts";
import { firstPrev } from "./entry.ts";
import type { SigningKey, VerifyingKey } from "./signing-key.ts";

const checkpointDomain = "loadline-audit-checkpoint-1\n";
const hex64 = z.string().regex(/^[0-9a-f]{64}$/);

const checkpointSchema = z.strictObject({
  v: z.literal(1),
  tenant: z.string().min(1).max(256),
  /** Entries removed. */
  size: z.int().min(1),
  /** Hash of the last one removed: `prev` of the first that stays. */
  hash: hex64,
  /** Right edge of the tree over them, largest first. */
  edge: z.array(hex64).max(54),
  /** UTC day before which everything was removed. */
  before: z.iso.date(),
  ts: z.string(),
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
});
const signedSchema = checkpointSchema.extend({ sig: z.string().max(128) });

/** Where one tenant's chain begins after its oldest entries were removed. */
export type CheckpointRecord = z.output<typeof checkpointSchema>;
export type SignedCheckpoint = z.output<typeof signedSchema>;

/** Where a walk over a chain begins. */
export interface ChainStart {
  readonly seq: number;
  readonly prev: string;
  readonly edge: readonly Buffer[];
}

export const chainBegin: ChainStart = { seq: 0, prev: firstPrev, edge: [] };

export function signCheckpoint(record: CheckpointRecord, key: SigningKey): SignedCheckpoint {
  return { ...record, sig: key.sign(textOf(record)) };
}

/** Reads a checkpoint; undefined for a text that is none, is another tenant's, or is not signed. */
export function readCheckpoint(
  text: string,
  tenant: string,
  key: VerifyingKey,
): SignedCheckpoint | undefined {
  const signed = parse(text);
  if (!signed || signed.tenant !== tenant) return undefined;
  const { sig, ...record } = signed;
  const isSigned = record.keyId === key.id && key.isSigned(textOf(record), sig);
  return isSigned && hasOwnEdge(record) ? signed : undefined;
}

export function startOf(checkpoint: CheckpointRecord | undefined): ChainStart {
  if (!checkpoint) return chainBegin;
  const { size, hash, edge } = checkpoint;
  return { seq: size, prev: hash, edge: edge.map((hex) => Buffer.from(hex, "hex")) };
}

/** The stored checkpoint of a tenant, as text. */
export function checkpointText(
  facts: Pick<FactRepository, "get">,
  tenant: string,
): Promise<string | undefined> {
  return facts.get(factOf(tenant));
}

export function keepCheckpoint(
  facts: Pick<FactRepository, "set">,
  checkpoint: SignedCheckpoint,
): Promise<void> {
  return facts.set(factOf(checkpoint.tenant), canonicalJson(checkpoint));
}

function factOf(tenant: string): string {
  return `audit.checkpoint.${tenant}`;
}

function hasOwnEdge({ size, edge }: CheckpointRecord): boolean {
  try {
    return (
      createMerkleTree(
        size,
        edge.map((hex) => Buffer.from(hex, "hex")),
      ).size() === size
    );
  } catch (cause) {
    if (cause instanceof RangeError) return false;
    throw cause;
  }
}

function parse(text: string): SignedCheckpoint | undefined {
  return signedSchema.safeParse(parseJson(text)).data;
}

function textOf(record: CheckpointRecord): string {
  return checkpointDomain + canonicalJson(record);
}
