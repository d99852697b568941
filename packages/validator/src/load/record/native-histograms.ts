import type { Histogram } from "@loadline/kit/histogram";
import { latenciesOf } from "./latencies.ts";
import { ProtobufMessage } from "./protobuf.ts";
import type { Recorder } from "./recorder.ts";

/** 256 buckets per octave: each is 0.27 % wide. The finest that Prometheus has. */
const schema = 8;
/** Prometheus' own: only 0 lies in it. */
const zeroThreshold = 2 ** -128;
const types = { counter: 0, histogram: 4 } as const;

/** Buckets of equal width on a logarithmic scale, as Prometheus numbers them. */
export interface NativeBuckets {
  readonly zeros: number;
  /** `[index, count]`, ascending: index i holds what is over 2^((i - 1) / 256) s, up to 2^(i / 256). */
  readonly buckets: readonly (readonly [index: number, count: number])[];
}

/** A histogram's counts by the upper edges of its buckets: no value looks faster than it was. */
export function nativeBuckets(histogram: Histogram): NativeBuckets {
  const counts = new Map<number, number>();
  let zeros = 0;
  histogram.each((_low, highUs, count) => {
    if (highUs === 0) {
      zeros += count;
      return;
    }
    // The epsilon keeps a value on an edge in the bucket that ends there.
    const index = Math.ceil(Math.log2(highUs / 1e6) * 2 ** schema - 1e-9);
    counts.set(index, (counts.get(index) ?? 0) + count);
  });
  return { zeros, buckets: [...counts].sort(([a], [b]) => a - b) };
}

/** Runs of neighbours as spans, counts as differences to the one before. */
function writeBuckets(into: ProtobufMessage, { zeros, buckets }: NativeBuckets): void {
  into.sint(5, schema).double(6, zeroThreshold).uint(7, zeros);
  const deltas: number[] = [];
  let before = 0;
  let next = 0;
  let span: { offset: number; length: number } | null = null;
  const close = (): void => {
    if (span === null) return;
    into.message(12, new ProtobufMessage().sint(1, span.offset).uint(2, span.length));
  };
  for (const [index, count] of buckets) {
    if (span === null || index !== next) {
      close();
      span = { offset: index - next, length: 0 };
    }
    span.length++;
    deltas.push(count - before);
    before = count;
    next = index + 1;
  }
  close();
  // One that holds nothing has an empty span: without any it would pass for a classic histogram.
  if (span === null) into.message(12, new ProtobufMessage().sint(1, 0).uint(2, 0));
  into.sints(13, deltas);
}

function histogramOf(histogram: Histogram): ProtobufMessage {
  const message = new ProtobufMessage().uint(1, histogram.count).double(2, histogram.sumUs / 1e6);
  writeBuckets(message, nativeBuckets(histogram));
  return message;
}

const label = (name: string, value: string): ProtobufMessage =>
  new ProtobufMessage().text(1, name).text(2, value);

function family(name: string, help: string, type: number): ProtobufMessage {
  return new ProtobufMessage().text(1, name).text(2, help).uint(3, type);
}

/** Outcomes of all due requests. */
function requests(whole: Recorder): ProtobufMessage {
  const help = "Requests that fell due, by their one outcome.";
  const all = family("loadline_load_requests_total", help, types.counter);
  for (const { name, ok, bad } of whole.scenarios) {
    for (const [outcome, n] of [["ok", ok] as const, ...Object.entries(bad.toObject())]) {
      const value = new ProtobufMessage().double(1, n);
      const labels = [label("scenario", name), label("outcome", outcome)];
      const metric = new ProtobufMessage();
      for (const one of labels) metric.message(1, one);
      all.message(4, metric.message(3, value));
    }
  }
  return all;
}

/**
 * Accounts and latencies as a scrape of Prometheus would read them with native histograms on:
 * delimited messages of `io.prometheus.client.MetricFamily`. Empty histograms are left out.
 */
export function nativeHistograms(whole: Recorder): Uint8Array<ArrayBuffer> {
  const families = [requests(whole)];
  const metrics = whole.scenarios[0] === undefined ? [] : latenciesOf(whole.scenarios[0]);
  for (const [at, [metric]] of metrics.entries()) {
    const rows = whole.scenarios.flatMap((record) => {
      const histogram = latenciesOf(record)[at]?.[1];
      if (histogram === undefined || histogram.count === 0) return [];
      const labels = new ProtobufMessage().message(1, label("scenario", record.name));
      return [labels.message(7, histogramOf(histogram))];
    });
    if (rows.length === 0) continue;
    const help = "Of good answers of the measured phase.";
    const all = family(`loadline_load_${metric}_seconds`, help, types.histogram);
    for (const row of rows) all.message(4, row);
    families.push(all);
  }
  return new Uint8Array(Buffer.concat(families.map((one) => one.toDelimited())));
}
