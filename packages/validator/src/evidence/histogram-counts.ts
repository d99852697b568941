/** How many values the histograms of a load hold, read from each of the formats they are kept in. */
import type { EvidenceRecord, Extractor } from "@loadline/contract";
import { decodeHdr } from "@loadline/kit/histogram";
import { isRecord } from "../probes/shapes.ts";

/** Values by `scenario.metric`. */
export type HistogramCounts = Readonly<Record<string, number>>;

export const histogramLog = "histograms.hdr";

const countLine = /^loadline_load_(\w+)_seconds_count\{scenario="((?:[^"\\]|\\.)*)"\} (\d+)$/gm;
const unescaped = (text: string): string =>
  text.replaceAll(/\\(.)/g, (_all, char: string) => (char === "n" ? "\n" : char));

/** As a log of histograms names them: a tag ends at a comma and holds no white space. */
export const tagOf = (scenario: string, metric: string): string =>
  `${scenario}.${metric}`.replaceAll(/[\s,]/g, "_");

/** The counts that OpenMetrics text tells. */
export function countsOfMetrics(text: string): HistogramCounts {
  const rows = [...text.matchAll(countLine)].map(([, metric = "", scenario = "", count]) => [
    tagOf(unescaped(scenario), metric),
    Number(count),
  ]);
  return Object.fromEntries(rows);
}

/** The sum of the counts of one compressed histogram of HdrHistogram V2. */
const countOfHdr = (base64: string): number =>
  decodeHdr(base64).reduce((sum, { count }) => sum + count, 0);

/** Compressed histograms by tag, as a log of HdrHistogram's intervals has them. */
export const histogramsOfLog = (text: string): (readonly [string, string])[] =>
  text.split("\n").flatMap((line) => {
    const [, tag, packed] = /^Tag=([^,]*),[^,]*,[^,]*,[^,]*,(.*)$/.exec(line) ?? [];
    return tag === undefined || packed === undefined ? [] : [[tag, packed] as const];
  });

/** The counts that such a log holds. @throws for what is no such log */
export const countsOfLog = (text: string): HistogramCounts =>
  Object.fromEntries(histogramsOfLog(text).map(([tag, packed]) => [tag, countOfHdr(packed)]));

/** Counts that cannot be read are none: they differ from those of the record. */
function readCounts(artifact: Uint8Array): HistogramCounts | null {
  try {
    return countsOfLog(Buffer.from(artifact).toString("utf8"));
  } catch {
    // What cannot be unpacked is no log of ours.
    return null;
  }
}

function isHistogramLog({ data }: Pick<EvidenceRecord, "data">): boolean {
  const { artifact, counts } = data as Readonly<Record<"artifact" | "counts", unknown>>;
  return isRecord(artifact) && artifact["name"] === histogramLog && counts !== undefined;
}

/** The values that a load says it has measured, recomputed from its histograms. */
export const histogramExtractor: Extractor = (record, artifact) =>
  isHistogramLog(record) ? { counts: readCounts(artifact) } : null;
