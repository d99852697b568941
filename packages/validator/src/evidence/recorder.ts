import { closeSync, existsSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createChain, type EvidenceRecord, type Observation, recordLine } from "@loadline/contract";
import { type Clock, isoTime } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import type { Redactor } from "./redact.ts";
import { type EvidenceRoom, Fill, wholeRoom } from "./room.ts";
import { writeFailure, writeWhole } from "./run-directory.ts";
import { sha256 } from "./sha256.ts";

/** An observation without what is the same for all of a run. */
export type Draft = Omit<Observation, "target" | "provenance" | "claims" | "by"> &
  Partial<Pick<Observation, "claims" | "provenance">> & {
    /** Id of the probe or stage that saw it. */
    readonly by: string;
  };

export interface Recorder {
  /** @throws LL_EVIDENCE_LIMIT for a record that is too large; once full, for all that ends nothing. */
  append(draft: Draft): EvidenceRecord;
  /** What a record may quote of a text: secrets are masked, then it is cut, at 2,048 characters. */
  excerpt(text: string, charsMax?: number): string;
  /** Stores bytes under their digest, once; secrets are masked first. @throws LL_EVIDENCE_LIMIT */
  artifact(bytes: Buffer): string;
  /** The room for what is observed is taken: from then on only the end of the run is written. */
  isFull(): boolean;
  /** Makes what was appended survive a power cut. */
  sync(): void;
  close(): void;
  readonly records: readonly EvidenceRecord[];
  head(): string;
}

export interface RecorderOptions {
  readonly runDir: string;
  readonly run: string;
  readonly planDigest: string;
  readonly target: string;
  readonly toolVersion: string;
  readonly clock: Clock;
  readonly redactor: Redactor;
  /** Of a resumed run: what is recorded already; it is written again as it was. */
  readonly before?: readonly EvidenceRecord[];
  /** Bytes of the artifacts it has already. */
  readonly keptBytes?: number;
  /** Default all that a bundle may hold. */
  readonly room?: EvidenceRoom;
  /** Of checks, by the id under which they record; default none. */
  readonly checkDigests?: ReadonlyMap<string, string>;
}

const quotedCharsMax = 2_048;

/** Appends to `evidence.jsonl`; nothing in it is ever changed or removed. @throws LL_RUN_WRITE */
export function createRecorder(o: RecorderOptions): Recorder {
  const path = join(o.runDir, "evidence.jsonl");
  let failure: LoadlineError | undefined;
  const whole = <T>(step: () => T): T => {
    // Behind half a line nothing could be read.
    if (failure !== undefined) throw failure;
    try {
      return step();
    } catch (cause) {
      failure = cause instanceof LoadlineError ? cause : writeFailure(path, cause);
      throw failure;
    }
  };
  const handle = whole(() => openSync(path, "ax", 0o644));
  const { run, planDigest, before = [] } = o;
  const last = before.at(-1);
  const after = last === undefined ? {} : { after: { head: last.hash, count: before.length } };
  const chain = createChain({ run, planDigest, digest: sha256, ...after });
  const startedMs = o.clock.monotonicMs() - (last?.mono ?? 0);
  const records: EvidenceRecord[] = [...before];
  const fill = new Fill(o.room ?? wholeRoom, o.keptBytes);
  const write = (record: EvidenceRecord): void => {
    const bytes = Buffer.from(recordLine(record));
    fill.addRecord(bytes.length);
    whole(() => {
      for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at);
    });
  };
  for (const record of before) write(record);
  return {
    append(draft) {
      fill.checkRecord(draft);
      const { by, claims, provenance, ...rest } = o.redactor.data(draft);
      const observation: Observation = {
        ...rest,
        by: { id: by, version: o.toolVersion, digest: o.checkDigests?.get(by) ?? "" },
        claims: claims ?? [],
        target: o.target,
        provenance: provenance ?? "measured",
      };
      const monoMs = Math.round((o.clock.monotonicMs() - startedMs) * 1000) / 1000;
      const record = chain.append(observation, isoTime(o.clock), monoMs);
      write(record);
      records.push(record);
      return record;
    },
    excerpt: (text, charsMax = quotedCharsMax) => o.redactor.excerpt(text, charsMax),
    artifact(bytes) {
      const masked = o.redactor.bytes(bytes);
      const digest = sha256(masked);
      const directory = join(o.runDir, "artifacts");
      if (existsSync(join(directory, digest))) return digest;
      fill.checkArtifact(masked.length);
      whole(() => writeWhole(directory, digest, masked));
      fill.addArtifact(masked.length);
      return digest;
    },
    isFull: () => fill.isFull(),
    sync: () => whole(() => fsyncSync(handle)),
    close: () => closeSync(handle),
    records,
    head: () => chain.head(),
  };
}
