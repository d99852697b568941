import type { SampleTally } from "@loadline/contract";
import type { Recorder } from "../evidence/recorder.ts";
import { type AbBlock, type Arm, arms, type BoundClaim, type LoadRecord } from "../load/index.ts";

const by = "load.ab";
/** A block whose percentile is no good answer counts as one that took this long, ms. */
const timeoutMs = 120_000;
/** Triples per record. */
const batch = 200;
/** A guard breached in more blocks than this share is breached. */
const breachedMax = 0.05;
/**
 * A triple is one pair: delays of ours in the blocks of no more triples than this hardly move the
 * middle of all averages of two pairs.
 */
const blurredMax = 0.25;
const notOfAb = "An A/B run decides comparisons; run the plan without --ab for this claim.";

type Guard = Extract<LoadRecord, { type: "guard" }>["guard"];

interface Seen {
  readonly guard: Guard;
  /** What its breaches speak against, and of which streams. */
  readonly against: Set<Guard["invalidates"]>;
  readonly streams: Set<string>;
  blocks: number;
  breached: number;
  /** Of those the ones whose delays only make a difference look smaller. */
  blurred: number;
  /** Triples of these. */
  readonly blurredTriples: Set<number>;
  last: string;
}

/** Turns the blocks of an A/B run into evidence; nothing is judged. */
export class AbEvidence {
  readonly #claims: readonly BoundClaim[];
  readonly #recorder: Recorder;
  /** Figures of each claim's blocks: triple by arm. */
  readonly #figures = new Map<string, Map<number, Partial<Record<Arm, number>>>>();
  readonly #guards = new Map<string, Seen>();
  readonly #triples = new Set<number>();
  readonly #accounts: Record<"A" | "B", { due: number; ok: number }>;
  readonly #errors: Record<"A" | "B", SampleTally[]> = { A: [], B: [] };

  constructor(claims: readonly BoundClaim[], recorder: Recorder) {
    this.#claims = claims;
    this.#recorder = recorder;
    this.#accounts = { A: { due: 0, ok: 0 }, B: { due: 0, ok: 0 } };
  }

  add(block: AbBlock): void {
    const side = block.arm === "b" ? "B" : "A";
    this.#triples.add(block.triple);
    const guards = block.records.flatMap((record) =>
      record.type === "guard" ? [record.guard] : [],
    );
    for (const said of Map.groupBy(guards, ({ guard }) => guard).values()) {
      this.#guard(said, block.triple);
    }
    for (const record of block.records) {
      if (record.type === "sample.tally") this.#tally(block, record.claim, record.tally);
      if (record.type !== "load.ended") continue;
      for (const { due, ok } of record.accounts) {
        this.#accounts[side].due += due;
        this.#accounts[side].ok += ok;
      }
    }
  }

  #tally(block: AbBlock, claim: string, tally: SampleTally): void {
    if (claim === "load.errors") {
      this.#errors[block.arm === "b" ? "B" : "A"].push(tally);
      return;
    }
    const isMeasured = tally.n > tally.bad + tally.undefined;
    // Nothing compares with a baseline that never answers, nor with a block that asked for nothing.
    if (tally.n === 0 || (block.arm !== "b" && !isMeasured)) return;
    const triples = this.#figures.get(claim) ?? new Map<number, Partial<Record<Arm, number>>>();
    this.#figures.set(claim, triples);
    const figures = triples.get(block.triple) ?? {};
    figures[block.arm] = Math.max(tally.observedMs ?? timeoutMs, 0.001);
    triples.set(block.triple, figures);
  }

  /** What one guard said of one block: once of all streams, or of each that it was breached for. */
  #guard(said: readonly Guard[], triple: number): void {
    const [guard] = said;
    if (guard === undefined) return;
    const none = { blocks: 0, breached: 0, blurred: 0, last: "" };
    const seen: Seen = this.#guards.get(guard.guard) ?? {
      guard,
      against: new Set(),
      streams: new Set(),
      blurredTriples: new Set(),
      ...none,
    };
    this.#guards.set(guard.guard, seen);
    seen.blocks++;
    const breaches = said.filter(({ holds }) => !holds);
    if (breaches.length > 0) seen.breached++;
    const isBlur = breaches.every(({ invalidates }) => invalidates === "pass");
    if (breaches.length > 0 && isBlur && guard.reason === "generator") {
      seen.blurred++;
      seen.blurredTriples.add(triple);
    }
    for (const one of breaches) {
      seen.last = one.seen;
      seen.against.add(one.invalidates);
      for (const stream of one.streams) seen.streams.add(stream);
    }
  }

  /** Closes the samples; `whole` is false when blocks are missing. */
  end(whole: boolean): void {
    for (const seen of this.#guards.values()) this.#recordGuard(seen);
    for (const bound of this.#claims) {
      const { claim } = bound;
      if (claim.kind === "comparison") this.#blocks(bound);
      else if (claim.id === "load.alive") this.#alive();
      else if (claim.id === "load.errors") this.#success();
      else this.#notRun(claim.id, notOfAb);
      if (!whole) continue;
      for (const part of claim.parts) {
        const data = { stream: claim.of, part };
        this.#recorder.append({ kind: "sample.closed", by, claims: [claim.id], data });
      }
    }
  }

  #blocks({ claim }: BoundClaim): void {
    const triples = [...(this.#figures.get(claim.id) ?? [])].sort(([a], [b]) => a - b);
    const rows = triples.flatMap(([, figures]) => {
      const row = arms.map((arm) => figures[arm]);
      return row.every((value) => value !== undefined) ? [row] : [];
    });
    if (rows.length === 0) this.#notRun(claim.id, "No block of the baseline had what is compared.");
    for (let at = 0; at < rows.length; at += batch) {
      const blocks = rows.slice(at, at + batch);
      const data = { stream: claim.of, part: "all", unit: "ms", blocks };
      this.#recorder.append({ kind: "sample.blocks", by, claims: [claim.id], data });
    }
  }

  #recordGuard(found: Seen): void {
    const { guard, against, streams: broken, blocks, breached, blurred, last } = found;
    const [pairs, of] = [found.blurredTriples.size, this.#triples.size];
    const isClean = breached - blurred <= breachedMax * blocks;
    const holds = isClean && pairs <= blurredMax * of;
    const ofPairs = pairs === 0 ? "" : `, in ${pairs} of ${of} triples by a delay alone`;
    const seen = `Breached in ${breached} of ${blocks} blocks${ofPairs}.${last === "" ? "" : ` The last: ${last}`}`;
    const all = this.#claims.map(({ claim }) => claim.of).filter((of) => of !== "load.alive");
    const { figure: _figure, limit: _limit, ...said } = guard;
    const [only = said.invalidates, other] = against;
    const spoken = other === undefined ? only : "both";
    const invalidates = isClean && blurred > 0 ? "pass" : spoken;
    const streams = holds ? all : [...broken];
    const data = { ...said, invalidates, holds, seen, streams };
    this.#recorder.append({ kind: "guard", by: guard.guard, data });
  }

  #alive(): void {
    for (const part of ["A", "B"] as const) {
      const { due, ok } = this.#accounts[part];
      const seen = `${ok} good answers of ${due} due requests.`;
      const data = { stream: "load.alive", part, ok: ok > 0, seen };
      this.#recorder.append({ kind: "observation", by, claims: ["load.alive"], data });
    }
  }

  #success(): void {
    for (const part of ["A", "B"] as const) {
      const tallies = this.#errors[part];
      const sum = (of: (tally: SampleTally) => number): number =>
        tallies.reduce((all, tally) => all + of(tally), 0);
      const badBy: Record<string, number> = {};
      for (const tally of tallies) {
        for (const [key, n] of Object.entries(tally.badBy)) badBy[key] = (badBy[key] ?? 0) + n;
      }
      const data = {
        stream: "load.errors",
        part,
        n: sum(({ n }) => n),
        bad: sum(({ bad }) => bad),
        undefined: 0,
        // One slice per block, in order of time.
        slices: tallies.map(({ n, bad }) => [n, bad]),
        sliceMs: 1_000,
        badBy,
      };
      this.#recorder.append({ kind: "sample.tally", by, claims: ["load.errors"], data });
    }
  }

  #notRun(claim: string, sentence: string): void {
    const data = { reason: "not_run", sentence };
    this.#recorder.append({ kind: "skip", by, claims: [claim], data });
  }
}
