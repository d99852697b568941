/** Reads the data of ledgers, episodes and stored windows without a schema library; null = malformed. */
import {
  type EpisodeSample,
  type LedgerComparison,
  lossClasses,
  type WindowSample,
} from "../evidence/record.ts";
import { type Data, isCount, isData, isFiniteNumber, isTextList } from "./read-data.ts";

const episodesMax = 100_000;

function readClasses(value: unknown): LedgerComparison["classes"] | null {
  if (!isData(value)) return null;
  const entries: [string, number][] = [];
  for (const [name, count] of Object.entries(value)) {
    if (!isCount(count) || !lossClasses.some((one) => one === name)) return null;
    entries.push([name, count]);
  }
  return Object.fromEntries(entries);
}

/** `ledger`; a class that was not counted is absent, never 0. */
export function readLedger(d: Data): Omit<LedgerComparison, "stream" | "part"> | null {
  const { acked, full, control, readers, instances } = d as Readonly<
    Record<keyof LedgerComparison, unknown>
  >;
  const classes = readClasses(d["classes"]);
  if (!isCount(acked) || typeof full !== "boolean" || classes === null) return null;
  if (control !== "caught" && control !== "missed" && control !== "none") return null;
  const pairs = {
    ...(isTextList(readers) && { readers }),
    ...(isTextList(instances) && { instances }),
  };
  return { acked, full, classes, control, ...pairs };
}

function isSpan(value: unknown): value is number {
  return isFiniteNumber(value) && value >= 0;
}

function isEpisode(value: unknown): value is readonly [number, number, number] {
  if (!Array.isArray(value) || value.length !== 3 || !value.every(isSpan)) return false;
  return Number(value[1]) <= Number(value[2]);
}

/** `sample.episodes`; more time down than observed is malformed. */
export function readEpisodes(d: Data): Omit<EpisodeSample, "stream" | "part"> | null {
  const { observedMs, resolutionMs, episodes } = d as Readonly<
    Record<keyof EpisodeSample, unknown>
  >;
  if (!isSpan(observedMs) || !isSpan(resolutionMs) || !Array.isArray(episodes)) return null;
  if (episodes.length > episodesMax || !episodes.every(isEpisode)) return null;
  const down = episodes.reduce((sum, [, leastMs]) => sum + leastMs, 0);
  return down > observedMs ? null : { observedMs, resolutionMs, episodes };
}

/** Counters read at their edges may differ in the last digits. */
const roundingMax = 1e-6;

/** `sample.window`; more good than total and more samples than expected are malformed. */
export function readWindow(d: Data): Omit<WindowSample, "stream" | "part"> | null {
  const { good, total, present, expected, windowMs } = d as Readonly<
    Record<keyof WindowSample, unknown>
  >;
  if (!isSpan(good) || !isSpan(total) || !isCount(present) || !isCount(expected)) return null;
  if (!isFiniteNumber(windowMs) || windowMs <= 0) return null;
  if (good > total * (1 + roundingMax) || present > expected || expected === 0) return null;
  return { good, total, present, expected, windowMs };
}
