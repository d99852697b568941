import { type Claim, episodesOf, type SampleTally } from "@loadline/contract";
import type { Recorder } from "../evidence/recorder.ts";
import type { LoadRecord } from "../load/index.ts";
import type { LoadManifest } from "../plan/manifest.ts";
import { type FiguredTally, meanSlices, totalTimeoutMs } from "../run/load-figures.ts";
import { splitWindows } from "../run/load-windows.ts";
import { meanRule, offerGap } from "./load-streams.ts";

const by = "load";
/** Entries of a series in one record. */
const perRecord = 1_000;

type Sink = Pick<Recorder, "append">;

/** Claims of the plan's own on the chat's load, as evidence of their kinds. */
export interface OwnLoad {
  readonly claims: readonly Claim[];
  readonly load: LoadManifest;
}

function recordEpisodes(sink: Sink, claim: Claim, tally: SampleTally): void {
  const { episodes, ...time } = episodesOf(tally.slices, tally.sliceMs);
  const shared = { stream: claim.of, part: "all" };
  for (let at = 0; at === 0 || at < episodes.length; at += perRecord) {
    const some = episodes.slice(at, at + perRecord);
    // Time is counted once, whatever the number of records.
    const observedMs = at === 0 ? time.observedMs : some.reduce((sum, [, , ms]) => sum + ms, 0);
    const data = { ...shared, ...time, observedMs, episodes: some };
    const doesNotProve =
      at === 0
        ? [
            "That nobody was refused in seconds in which more than half of the requests were answered.",
          ]
        : [];
    sink.append({ kind: "sample.episodes", by, claims: [claim.id], data, doesNotProve });
  }
}

function recordMeans(sink: Sink, claim: Claim, tally: FiguredTally): void {
  const slices = meanSlices(meanRule(claim), [tally], totalTimeoutMs);
  const shared = { stream: claim.of, part: "all", unit: claim.unit ?? "" };
  for (let at = 0; at < slices.length; at += perRecord) {
    const data = { ...shared, slices: slices.slice(at, at + perRecord) };
    sink.append({ kind: "sample.means", by, claims: [claim.id], data });
  }
}

function recordTally(sink: Sink, claim: Claim, tally: FiguredTally, load: LoadManifest): void {
  if (claim.kind === "time_availability") return recordEpisodes(sink, claim, tally);
  if (claim.kind === "mean") return recordMeans(sink, claim, tally);
  const fromMs = load.warmupSeconds * 1_000;
  const { over, parts } = claim;
  const tallies =
    over === undefined ? [tally] : splitWindows(tally, { overMs: over, fromMs, parts });
  for (const data of tallies) {
    sink.append({ kind: "sample.tally", by, claims: [claim.id], data: { ...data } });
  }
}

/** Puts counts of a claim of the plan's own into the evidence; false for what is none of them. */
export function recordOwn(sink: Sink, record: LoadRecord, { claims, load }: OwnLoad): boolean {
  if (record.type !== "sample.tally" && record.type !== "sample.closed") return false;
  const claim = claims.find(({ id }) => id === record.claim);
  if (claim === undefined) return false;
  const gap = offerGap(claim);
  if (gap !== null) {
    if (record.type === "sample.tally") return true;
    const data = { reason: "not_run", sentence: gap };
    sink.append({ kind: "skip", by, claims: [claim.id], data });
    return true;
  }
  if (record.type === "sample.tally") recordTally(sink, claim, record.tally, load);
  else {
    for (const part of claim.parts) {
      const data = { stream: claim.of, part };
      sink.append({ kind: "sample.closed", by, claims: [claim.id], data });
    }
  }
  return true;
}

type Guard = Extract<LoadRecord, { type: "guard" }>["guard"];

/** What shapes the counts of requests shapes the outages seen in them, too. */
export function watchedKinds(kinds: Guard["kinds"], own: readonly Claim[]): Guard["kinds"] {
  const hasTime = own.some(({ kind }) => kind === "time_availability");
  return hasTime && kinds.includes("proportion") ? [...kinds, "time_availability"] : kinds;
}
