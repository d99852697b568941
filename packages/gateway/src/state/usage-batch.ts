import type { UsageBatch, UsageMinute, UsageRow } from "./rows.ts";

const minuteMs = 60_000;
const startBytes = 65_536;
const quotedMax = 1000;

/** Records of one batch at most: a transaction, some messages and a sync of the disk. */
export const usageBatchMax = 2000;

/** Collects usage rows into one batch. Text is copied out at once, so no row lives on in it. */
export interface UsageBatcher {
  add(row: UsageRow): void;
  readonly records: number;
  /** The batch of all rows since the last call; undefined when there are none. */
  take(): UsageBatch | undefined;
}

type Sum = { -readonly [K in keyof UsageMinute]: UsageMinute[K] };

export function createUsageBatcher(): UsageBatcher {
  const quoted = new Map<string, string>();
  let bytes = Buffer.allocUnsafe(startBytes);
  let used = 0;
  let records = 0;
  let first: { id: string; at: number } | undefined;
  let sums = new Map<string, Sum>();
  let last: Sum | undefined;
  const quote = (text: string): string => {
    let known = quoted.get(text);
    if (known === undefined) {
      if (quoted.size >= quotedMax) quoted.clear();
      known = JSON.stringify(text);
      quoted.set(text, known);
    }
    return known;
  };
  const sumOf = (row: UsageRow): Sum => {
    const minute = row.at - (row.at % minuteMs);
    const { tenantId, keyId, model } = row;
    if (last?.minute === minute && last.keyId === keyId && last.model === model) {
      if (last.tenantId === tenantId) return last;
    }
    const key = `${minute} ${quote(tenantId)} ${quote(keyId)} ${quote(model)}`;
    let sum = sums.get(key);
    if (!sum) {
      sum = { minute, tenantId, keyId, model, ...nothing };
      sums.set(key, sum);
    }
    last = sum;
    return sum;
  };
  const write = (line: string): void => {
    const most = line.length * 3;
    if (used + most > bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(bytes.length * 2, used + most));
      bytes.copy(larger, 0, 0, used);
      bytes = larger;
    }
    used += bytes.write(line, used, "utf8");
  };
  return {
    add(row) {
      first ??= { id: row.id, at: row.at };
      records++;
      write(
        `[${JSON.stringify(row.id)},${row.at},${quote(row.keyId)},${quote(row.tenantId)},` +
          `${quote(row.route)},${quote(row.model)},${quote(row.target)},${row.inputTokens},` +
          `${row.cachedTokens},${row.outputTokens},${row.reasoningTokens},${row.costNano},` +
          `${quote(row.source)},${quote(row.exit)}]\n`,
      );
      addTo(sumOf(row), row);
    },
    get records() {
      return records;
    },
    take() {
      if (!first) return undefined;
      const lines = bytes.toString("utf8", 0, used);
      const batch = { ...first, records, lines, sums: [...sums.values()] };
      used = 0;
      records = 0;
      first = undefined;
      sums = new Map();
      last = undefined;
      return batch;
    },
  };
}

const nothing = {
  requests: 0,
  inputTokens: 0,
  cachedTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  costNano: 0,
};

function addTo(sum: Sum, row: UsageRow): void {
  sum.requests++;
  sum.inputTokens += row.inputTokens;
  sum.cachedTokens += row.cachedTokens;
  sum.outputTokens += row.outputTokens;
  sum.reasoningTokens += row.reasoningTokens;
  sum.costNano += row.costNano;
}
