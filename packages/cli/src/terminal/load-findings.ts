import { formatDuration, formatNumber, type SendDelay } from "@loadline/contract";
import type { LoadRecord } from "@loadline/validator";
import { shortGuard } from "./load-view.ts";

type Peak = Extract<LoadRecord, { type: "peak" }>;
type Guard = Extract<LoadRecord, { type: "guard" }>;
type Ladder = Extract<LoadRecord, { type: "ladder" }>;
type LadderFit = NonNullable<Ladder["result"]["fit"]>;

/** What a search or a ladder found, where sending was late and how the guards stood, for the reader; verdicts stand in the card. */
export function findingLines(record: LoadRecord): string[] {
  if (record.type === "peak") return [peakLine(record)];
  if (record.type === "guard") return [guardLine(record)];
  if (record.type === "series") {
    const { scenario, delay } = record.series;
    return delay === undefined ? [] : [delayLine(scenario, delay)];
  }
  return record.type === "ladder" ? ladderLines(record) : [];
}

function guardLine({ guard: g }: Guard): string {
  // Over its limit and yet no breach: "holds" alone would read as a mistake.
  const unmoved = / (no failure rests on it)\.$/.exec(g.seen)?.[1];
  const state = g.holds ? (unmoved ?? "holds") : `breached for ${g.streams.join(", ")}`;
  return `guard ${shortGuard(g.guard).padEnd(10)} ${g.figure} of ${g.limit}, ${state}`;
}

function delayLine(scenario: string, d: SendDelay): string {
  const ms = (value: number): string => formatDuration(value);
  return `delay ${scenario}: response ${ms(d.responseMs)}, service ${ms(d.serviceMs)} at p50; the wait arises in ${d.part} (medians: pacer ${ms(d.pacerMs)}, queue ${ms(d.queueMs)}, connect ${ms(d.connectMs)})`;
}

function peakLine({ scenario, result }: Peak): string {
  const rate = (value: number | null): string =>
    value === null ? "none" : `${formatNumber(value)}/s`;
  const sure = result.confirmed ? "passed twice" : "not confirmed";
  const open = result.steps.filter(({ verdict }) => verdict === "undecided").length;
  const undecided = open === 0 ? "" : `, ${open} of them undecided: longer ones decide more`;
  return `peak ${scenario}: highest passing ${rate(result.highestPassing)} (${sure}), lowest failing ${rate(result.lowestFailing)}, ${result.steps.length} steps${undecided}`;
}

function ladderLines({ scenario, result }: Ladder): string[] {
  const ms = (value: number | null): string => (value === null ? "-" : formatDuration(value));
  const rows = result.sizes.map((size) => {
    const speedUp = size.speedUp === null ? "-" : formatNumber(size.speedUp);
    return `ladder ${scenario}: ${size.users} users, ${formatNumber(size.okPerSecond)}/s ok, median ${ms(size.medianMs)}, p95 ${ms(size.p95Ms)}, speed-up ${speedUp}`;
  });
  const knee = result.knee === null ? "no knee in these sizes" : `knee after ${result.knee} users`;
  const fit = result.fit === null ? "" : `; ${fitText(result.fit)}`;
  return [...rows, `ladder ${scenario}: ${knee}${fit}`];
}

/** What the fitted law says of users nobody measured, with the range it was measured in. */
function fitText({ peakUsers, curve, measuredUsers: [from, to] }: LadderFit): string {
  const [last = to, okPerSecond = 0] = curve.at(-1) ?? [];
  const what =
    peakUsers === null
      ? `${formatNumber(okPerSecond)}/s at ${last} users`
      : `highest throughput near ${Math.round(peakUsers)} users`;
  const how = (peakUsers ?? last) > to ? "extrapolated" : "interpolated";
  return `derived, not measured: ${what}, ${how} by the law of ${from} to ${to} users`;
}
