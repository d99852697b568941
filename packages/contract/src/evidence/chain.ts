import { contractErrors } from "../errors.ts";
import { canonicalJson } from "./canonical-json.ts";
import { type Digest, evidenceDomain, recordBytesMax, recordsMax, toBytes } from "./digest.ts";
import type { EvidenceRecord, Observation, RecordData } from "./record.ts";

export interface ChainOptions {
  readonly run: string;
  /** `prev` of the first record. */
  readonly planDigest: string;
  readonly digest: Digest;
  /** Where an interrupted chain goes on: hash and number of its records; default its start. */
  readonly after?: { readonly head: string; readonly count: number };
  /** Domain line, default {@link evidenceDomain}. */
  readonly domain?: string;
}

export interface Chain {
  /**
   * Turns an observation into the next record; later changes of the observation do not reach it.
   * @throws LL_EVIDENCE_LIMIT past 64 KiB or 1,000,000 records, LL_EVIDENCE_VALUE for non-JSON data.
   */
  append(o: Observation, at: string, monoMs: number): EvidenceRecord;
  /** Hash of the last record; the plan digest before the first. */
  head(): string;
  count(): number;
}

/** The bytes a record's hash is taken over. */
export function hashInput(
  record: Omit<EvidenceRecord, "hash">,
  domain = evidenceDomain,
): Uint8Array {
  return toBytes(domain + record.prev + canonicalJson(record));
}

/** One line of `evidence.jsonl`, with its line feed. */
export function recordLine(record: EvidenceRecord): string {
  return `${canonicalJson(record)}\n`;
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : Number(a > b);
}

/** Sorted keys let canonicalJson use the engine's own writer. */
function sortKeys(by: EvidenceRecord["by"]): EvidenceRecord["by"] {
  return { digest: by.digest, id: by.id, version: by.version };
}

/** Puts `hash` where it belongs among the sorted keys. */
function withHash(open: Omit<EvidenceRecord, "hash">, hash: string): EvidenceRecord {
  const { at, by, claims, data, doesNotProve, ...rest } = open;
  return { at, by, claims, data, doesNotProve, hash, ...rest };
}

/** Copies JSON data, with lone surrogates of target text replaced: they have no canonical form. */
function settle(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(settle);
  if (typeof value !== "object" || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  const settled = entries.map(([key, member]): [string, unknown] => [
    key.toWellFormed(),
    settle(member),
  ]);
  return Object.fromEntries(settled.sort(byKey));
}

/** Starts the hash chain of one run; times are passed in, nothing is read from the environment. */
export function createChain(o: ChainOptions): Chain {
  let prev = o.after?.head ?? o.planDigest;
  let seq = o.after?.count ?? 0;
  return {
    append(observation, at, monoMs) {
      if (seq >= recordsMax) {
        throw contractErrors.make("LL_EVIDENCE_LIMIT", `A bundle holds ${recordsMax} records.`);
      }
      const open: Omit<EvidenceRecord, "hash"> = {
        at,
        by: sortKeys(observation.by),
        claims: [...observation.claims],
        data: settle(observation.data) as unknown as RecordData,
        doesNotProve: (observation.doesNotProve ?? []).map((text) => text.toWellFormed()),
        kind: observation.kind,
        mono: monoMs,
        prev,
        provenance: observation.provenance,
        proves: (observation.proves ?? []).map((text) => text.toWellFormed()),
        refs: [...(observation.refs ?? [])],
        run: o.run,
        seq,
        target: observation.target.toWellFormed(),
        v: 1,
      };
      const input = hashInput(open, o.domain);
      if (input.byteLength > recordBytesMax) {
        const size = `${input.byteLength} bytes of ${recordBytesMax}`;
        throw contractErrors.make("LL_EVIDENCE_LIMIT", `The record ${open.kind} has ${size}.`);
      }
      const hash = o.digest(input);
      prev = hash;
      seq++;
      return withHash(open, hash);
    },
    head: () => prev,
    count: () => seq,
  };
}
