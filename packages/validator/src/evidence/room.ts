import {
  artifactBytesMax,
  bundleBytesMax,
  contractErrors,
  recordsMax,
  type RunPlan,
} from "@loadline/contract";

/** What a run may observe; what a bundle holds beyond it is kept for the end of the run. */
export interface EvidenceRoom {
  /** Of one artifact. */
  readonly artifactBytes: number;
  /** Of all records and artifacts. */
  readonly bundleBytes: number;
  readonly records: number;
}

/** All that a bundle holds. */
export const wholeRoom: EvidenceRoom = {
  artifactBytes: artifactBytesMax,
  bundleBytes: bundleBytesMax,
  records: recordsMax,
};

/** What ends a stage or a run, and says what it left out: a full bundle takes these. */
const endKinds: ReadonlySet<string> = new Set([
  "stage.started",
  "stage.ended",
  "skip",
  "run.closed",
]);

/** Who says where a run that was interrupted goes on; a full one says so too, and ends. */
const runItself = "run";

/** Begin and end of every stage, what a resumed run says of itself, and the closing record. */
const endRecords = 500;
/** Verdict, manifest and views. */
const endBytes = artifactBytesMax;

/**
 * The room for what a run of this plan observes: each part may still be said to be left out, by its
 * check and by its stage, and the bundle be closed.
 */
export function roomOf({ claims }: Pick<RunPlan, "claims">): EvidenceRoom {
  const parts = claims.reduce((sum, claim) => sum + claim.parts.length, 0);
  return {
    ...wholeRoom,
    bundleBytes: bundleBytesMax - endBytes,
    records: recordsMax - endRecords - 2 * parts,
  };
}

function refuse(what: string): Error {
  return contractErrors.make("LL_EVIDENCE_LIMIT", what);
}

/** How much of its room a run has taken. */
export class Fill {
  readonly #room: EvidenceRoom;
  #bytes: number;
  #records = 0;
  #hasRefused = false;

  /** `keptBytes` are of artifacts that a resumed run has already. */
  constructor(room: EvidenceRoom, keptBytes = 0) {
    this.#room = room;
    this.#bytes = keptBytes;
  }

  isFull(): boolean {
    const { records, bundleBytes } = this.#room;
    return this.#hasRefused || this.#records >= records || this.#bytes >= bundleBytes;
  }

  addRecord(bytes: number): void {
    this.#records++;
    this.#bytes += bytes;
  }

  addArtifact(bytes: number): void {
    this.#bytes += bytes;
  }

  /** @throws LL_EVIDENCE_LIMIT once full, for what neither ends anything nor says how a run goes on */
  checkRecord({ kind, by }: { readonly kind: string; readonly by: string }): void {
    if (!this.isFull() || endKinds.has(kind) || (kind === "note" && by === runItself)) return;
    throw refuse(`A bundle of ${this.#records} records and ${this.#bytes} bytes is full.`);
  }

  /** One that no longer fits fills the bundle: what is left out is one whole end. @throws LL_EVIDENCE_LIMIT */
  checkArtifact(bytes: number): void {
    const { artifactBytes, bundleBytes } = this.#room;
    if (bytes > artifactBytes) throw refuse(`An artifact of ${bytes} bytes of ${artifactBytes}.`);
    this.#hasRefused ||= this.#bytes + bytes > bundleBytes;
    if (!this.isFull()) return;
    throw refuse(`A bundle of ${this.#bytes + bytes} bytes of ${bundleBytes}.`);
  }
}
