import { formatNumber, formatRatio } from "@loadline/contract";
import type { Recorder } from "../evidence/recorder.ts";
import { type BoundJob, type Resource, resources } from "../load/index.ts";
import type { ObservedSeries } from "./observe.ts";

const by = "load.bottleneck";
/** Least length over which an increase per second is taken: what is told may lag a sample. */
const spanMs = 5_000;
/** From this share of its limit on a resource is the bottleneck. */
const nearlyAll = 0.9;

interface Use {
  readonly what: string;
  readonly peak: number;
  /** Of the limit; null where the target tells none. */
  readonly share: number | null;
  readonly limit: number | null;
}

/**
 * Records what the target ran out of first, as far as its own metrics tell: a sentence of a claim
 * that stays not tested. Derived figures prove nothing.
 */
export function recordBottleneck(
  { bound }: BoundJob,
  observed: readonly ObservedSeries[],
  recorder: Recorder,
): void {
  const uses = resources.flatMap((one) => useOf(one, observed));
  const { reason, sentence } = said(uses);
  for (const { claim, undecided } of bound) {
    if (undecided?.derived !== "bottleneck") continue;
    const data = { reason, sentence, uses };
    recorder.append({ kind: "skip", by, provenance: "derived", claims: [claim.id], data });
  }
}

function said(uses: readonly Use[]): { readonly reason: string; readonly sentence: string } {
  if (uses.length === 0) {
    const names = resources.map(({ used }) => used).join(" nor ");
    const sentence = `The target's metrics tell neither ${names}: no bottleneck can be derived.`;
    return { reason: "capability_missing", sentence };
  }
  const most = uses.toSorted((a, b) => (b.share ?? 0) - (a.share ?? 0))[0];
  const isNear = (most?.share ?? 0) >= nearlyAll;
  const found = isNear ? `the bottleneck is ${most?.what ?? ""}` : "none is near a limit it tells";
  const sentence = `Derived from the target's metrics, which proves nothing: ${found} (${uses.map(text).join("; ")}).`;
  return { reason: "not_run", sentence };
}

function text({ what, peak, share, limit }: Use): string {
  const used = `at most ${formatNumber(peak)} ${what}`;
  if (share === null || limit === null) return `${used}, no limit told`;
  return `${used}, ${formatRatio(share)} of ${formatNumber(limit)}`;
}

function useOf(resource: Resource, observed: readonly ObservedSeries[]): Use[] {
  const { what, used, isCounter } = resource;
  const series = observed.find((one) => one.series === used);
  if (series === undefined) return [];
  const peak = isCounter ? fastest(series) : series.peak;
  if (peak === null) return [];
  const limit = observed.find((one) => one.series === resource.limit)?.last ?? null;
  const isLimited = limit !== null && limit > 0;
  return [{ what, peak, share: isLimited ? peak / limit : null, limit: isLimited ? limit : null }];
}

/** Largest increase per second over 5 s and more; a counter that fell began anew. */
function fastest({ samples }: ObservedSeries): number | null {
  const known = samples.flatMap(([ms, value]): [number, number][] =>
    value === null ? [] : [[ms, value]],
  );
  const rates = known.flatMap(([ms, value]) => {
    const later = known.find(([at]) => at >= ms + spanMs);
    if (later === undefined || later[1] < value) return [];
    return [((later[1] - value) / (later[0] - ms)) * 1_000];
  });
  return rates.length === 0 ? null : rates.reduce((a, b) => Math.max(a, b));
}
