import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { loadErrors } from "../errors.ts";
import type { FeedPlan } from "../scenario/feed/feed.ts";
import { feedForms, readFeed, readFeedText } from "../scenario/feed/read-feed.ts";
import { type FeedTable, TableBuilder } from "../scenario/feed/table.ts";
import { parseTrace } from "../schedule/trace.ts";
import type { TraceFormat } from "../schedule/trace-formats.ts";
import type { TraceData } from "../scenario-types.ts";
import type { LoadBlock } from "./load-schema.ts";
import { moduleOf } from "./module-ref.ts";

type FeederFile = LoadBlock["feeders"][string];

/** Reads every feeder of a plan once. Rejects with LL_LOAD_FEED_INVALID or LL_LOAD_TRACE_INVALID. */
export async function readFeeders(
  feeders: LoadBlock["feeders"],
  folder: string,
): Promise<Readonly<Record<string, FeedPlan>>> {
  const feeds: Record<string, FeedPlan> = {};
  for (const [name, feeder] of Object.entries(feeders)) feeds[name] = await readOne(feeder, folder);
  return feeds;
}

async function readOne(feeder: FeederFile, folder: string): Promise<FeedPlan> {
  const { order, secret, generator, trace, format } = feeder;
  const shared = { order, secret, generator: null } as const;
  if (generator !== undefined) {
    return { ...shared, source: generator, table: null, generator: moduleOf(generator) };
  }
  if (trace !== undefined && format !== undefined) {
    const data = await readTraceFile(trace, format, folder);
    return { ...shared, source: trace, table: traceTable(trace, data) };
  }
  const form = feedForms.find((one) => feeder[one] !== undefined) ?? "csv";
  const shown = feeder[form] ?? "";
  const table = await readFeed({ form, path: resolve(folder, shown), shown, secret });
  return { ...shared, source: shown, table };
}

/** Reads a trace. Rejects with LL_LOAD_TRACE_INVALID, naming file and line. */
export async function readTraceFile(
  shown: string,
  format: TraceFormat,
  folder: string,
): Promise<TraceData> {
  try {
    return parseTrace(await readFeedText({ path: resolve(folder, shown), shown }), format);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    // A file that cannot be read is named already, with its line.
    const text = why.startsWith(`${shown}:`) ? why : `${shown}: ${why}`;
    throw loadErrors.make("LL_LOAD_TRACE_INVALID", text, { cause });
  }
}

function traceTable(shown: string, data: TraceData): FeedTable {
  const builder = new TableBuilder(shown, ["atMs", "inputTokens", "outputTokens"], []);
  data.atMs.forEach((atMs, i) => {
    builder.add([atMs, data.inputTokens[i] ?? 0, data.outputTokens[i] ?? 0], i + 1);
  });
  return builder.end();
}

/** What a scenario's digest says of the rows it gets: which, and in which order. */
export function feedDigestOf(feed: FeedPlan): string {
  const { source, order, table, generator } = feed;
  const rows = table?.digest ?? `${generator?.export ?? ""}@${source}`;
  return createHash("sha256").update(`${order}:${rows}`).digest("hex");
}
