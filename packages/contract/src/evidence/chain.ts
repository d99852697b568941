import { contractErrors } from "../errors.ts";
import { canonicalJson } from "./canonical-json.ts";
import { type Digest, evidenceDomain, recordBytesMax, recordsMax, toBytes } from "./digest.ts";
import type { EvidenceRecord, Observation, RecordData } from "./record.ts";

export interface ChainOptions {
  readonly run: string;
  /** `prev` of the first record. */
  readonly planDigest: string;
  readonly digest: Digest;
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

/** Copies JSON data, with lone surrogates of target text replaced: they have no canonical form. */
function settle(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(settle);
  if (typeof value !== "object" || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries.map(([key, member]) => [key.toWellFormed(), settle(member)]));
}

/** Starts the hash chain of one run; times are passed in, nothing is read from the environment. */
export function createChain(o: ChainOptions): Chain {
  let prev = o.planDigest;
  let seq = 0;
  return {
    append(observation, at, monoMs) {
      if (seq >= recordsMax) {
        throw contractErrors.make("LL_EVIDENCE_LIMIT", `A bundle holds ${recordsMax} records.`);
      }
      const open: Omit<EvidenceRecord, "hash"> = {
        v: 1,
        seq,
        run: o.run,
        at,
        mono: monoMs,
        kind: observation.kind,
        by: { ...observation.by },
        claims: [...observation.claims],
        target: observation.target.toWellFormed(),
        provenance: observation.provenance,
        data: settle(observation.data) as unknown as RecordData,
        refs: [...(observation.refs ?? [])],
        proves: (observation.proves ?? []).map((text) => text.toWellFormed()),
        doesNotProve: (observation.doesNotProve ?? []).map((text) => text.toWellFormed()),
        prev,
      };
      const input = hashInput(open, o.domain);
      if (input.byteLength > recordBytesMax) {
        const size = `${input.byteLength} bytes of ${recordBytesMax}`;
        throw contractErrors.make("LL_EVIDENCE_LIMIT", `The record ${open.kind} has ${size}.`);
      }
      const hash = o.digest(input);
      prev = hash;
      seq++;
      return { ...open, hash };
    },
    head: () => prev,
    count: () => seq,
  };
}
