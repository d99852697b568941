import { closeSync, existsSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import {
  artifactBytesMax,
  bundleBytesMax,
  contractErrors,
  createChain,
  type EvidenceRecord,
  type Observation,
  recordLine,
} from "@loadline/contract";
import { type Clock, isoTime } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import type { Redactor } from "./redact.ts";
import { writeFailure, writeWhole } from "./run-directory.ts";
import { sha256 } from "./sha256.ts";

/** An observation without what is the same for all of a run. */
export type Draft = Omit<Observation, "target" | "provenance" | "claims" | "by"> &
  Partial<Pick<Observation, "claims" | "provenance">> & {
    /** Id of the probe or stage that saw it. */
    readonly by: string;
  };

export interface Recorder {
  append(draft: Draft): EvidenceRecord;
  /** Stores bytes under their digest, once; secrets are masked first. @throws LL_EVIDENCE_LIMIT */
  artifact(bytes: Buffer): string;
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
  /** Bytes of an artifact, and of all that is written, at most; default 64 MiB and 1 GiB. */
  readonly bytesMax?: { readonly artifact: number; readonly bundle: number };
}

const bytesMaxDefault = { artifact: artifactBytesMax, bundle: bundleBytesMax };

/** A bundle past its bounds is one that nobody can read again. @throws LL_EVIDENCE_LIMIT */
function checkRoom(bytes: number, written: number, max: typeof bytesMaxDefault): void {
  const refuse = (what: string): Error => contractErrors.make("LL_EVIDENCE_LIMIT", what);
  if (bytes > max.artifact) throw refuse(`An artifact of ${bytes} bytes of ${max.artifact}.`);
  const all = written + bytes;
  if (all > max.bundle) throw refuse(`A bundle of ${all} bytes of ${max.bundle}.`);
}

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
  const bytesMax = o.bytesMax ?? bytesMaxDefault;
  let writtenBytes = 0;
  const write = (record: EvidenceRecord): void => {
    const bytes = Buffer.from(recordLine(record));
    writtenBytes += bytes.length;
    whole(() => {
      for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at);
    });
  };
  for (const record of before) write(record);
  return {
    append(draft) {
      const { by, claims, provenance, ...rest } = o.redactor.data(draft);
      const observation: Observation = {
        ...rest,
        by: { id: by, version: o.toolVersion, digest: "" },
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
    artifact(bytes) {
      const masked = o.redactor.bytes(bytes);
      const digest = sha256(masked);
      const directory = join(o.runDir, "artifacts");
      if (existsSync(join(directory, digest))) return digest;
      checkRoom(masked.length, writtenBytes, bytesMax);
      whole(() => writeWhole(directory, digest, masked));
      writtenBytes += masked.length;
      return digest;
    },
    sync: () => whole(() => fsyncSync(handle)),
    close: () => closeSync(handle),
    records,
    head: () => chain.head(),
  };
}
