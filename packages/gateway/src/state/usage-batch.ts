import type { UsageBatch, UsageMinute, UsageRow } from "./rows.ts";

const minuteMs = 60_000;
const startBytes = 65_536;
const quotedMax = 1000;

/** Records of one batch at most: a transaction, some messages and a sync of the disk. */
export const usageBatchMax = 2000;

/** Collects usage rows into one batch. Text is copied out at once, so no row but the last lives on in it. */
export interface UsageBatcher {
  add(row: UsageRow): void;
  readonly records: number;
  /** The batch of all rows since the last call; undefined when there are none. */
  take(): UsageBatch | undefined;
}

type Sum = { -readonly [K in keyof UsageMinute]: UsageMinute[K] };

export function createUsageBatcher(): UsageBatcher {
  const names = new RowNames();
  const quote = (text: string): string => names.quote(text);
  let bytes = Buffer.allocUnsafe(startBytes);
  let used = 0;
  let records = 0;
  let first: { id: string; at: number } | undefined;
  let sums = new Map<string, Sum>();
  let last: Sum | undefined;
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
        `[${JSON.stringify(row.id)},${row.at},${names.of(row)},${row.inputTokens},` +
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

/** Texts of rows as JSON; most rows have theirs in common with the one before. */
class RowNames {
  readonly #quoted = new Map<string, string>();
  #last: UsageRow | undefined;
  #text = "";

  /** Key, tenant, route, model and target, with commas between. */
  of(row: UsageRow): string {
    const last = this.#last;
    const isSame =
      last?.keyId === row.keyId &&
      last.model === row.model &&
      last.target === row.target &&
      last.route === row.route &&
      last.tenantId === row.tenantId;
    if (isSame) return this.#text;
    this.#last = row;
    const { keyId, tenantId, route, model, target } = row;
    this.#text = [keyId, tenantId, route, model, target].map((text) => this.quote(text)).join();
    return this.#text;
  }

  quote(text: string): string {
    let known = this.#quoted.get(text);
    if (known === undefined) {
      if (this.#quoted.size >= quotedMax) this.#quoted.clear();
      known = JSON.stringify(text);
      this.#quoted.set(text, known);
    }
    return known;
  }
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
