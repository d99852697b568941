/** What a load recorded of each scenario beside its slices: cold connections, tokens, the mix. */
import type { EvidenceRecord } from "./evidence/record.ts";
import { isCount, isData, isFiniteNumber } from "./fold/read-data.ts";
import type { LoadDetails } from "./report-model.ts";

/** Parts of a mix that are shown; a plan may have more. */
const partsMax = 50;

interface Told extends LoadDetails {
  readonly evidence: number[];
}

/** Of every scenario that anything was recorded of; what has another shape is left out. */
export function readDetails(records: readonly EvidenceRecord[]): ReadonlyMap<string, LoadDetails> {
  const byScenario = new Map<string, Told>();
  const add = (scenario: unknown, seq: number, more: Partial<LoadDetails>): void => {
    if (typeof scenario !== "string" || Object.keys(more).length === 0) return;
    const { evidence, ...before }: Told = byScenario.get(scenario) ?? { evidence: [] };
    evidence.push(seq);
    byScenario.set(scenario, { ...before, ...more, evidence });
  };
  for (const { kind, data, seq } of records) {
    if (kind !== "note") continue;
    const { waits, accounts } = data;
    if (isData(waits)) add(waits["scenario"], seq, coldOf(waits));
    if (data["type"] === "load.ended" && Array.isArray(accounts)) {
      for (const account of accounts as readonly unknown[]) {
        if (isData(account)) add(account["scenario"], seq, tokensOf(account));
      }
    }
    if (data["type"] === "steps") add(data["scenario"], seq, mixOf(data["steps"]));
  }
  return byScenario;
}

type Fields = Readonly<Record<string, unknown>>;

function coldOf({ cold, coldRequests }: Fields): Pick<LoadDetails, "cold"> {
  const rows: readonly unknown[] = Array.isArray(cold) ? cold : [];
  const median = rows.find((row): row is [number, number] => Array.isArray(row) && row[0] === 0.5);
  if (!isCount(coldRequests) || coldRequests === 0 || !isFiniteNumber(median?.[1])) return {};
  return { cold: { requests: coldRequests, medianMs: median[1] } };
}

function tokensOf(account: Fields): Pick<LoadDetails, "tokens"> {
  const { tokensKnown: told, tokensUnknown: untold, outputTokens: sum } = account;
  if (!isCount(told) || !isCount(untold) || !isCount(sum) || told + untold === 0) return {};
  return { tokens: { told, untold, sum } };
}

function mixOf(steps: unknown): Pick<LoadDetails, "mix"> {
  const rows: readonly unknown[] = Array.isArray(steps) ? steps : [];
  const mix = rows.flatMap((row) => {
    if (!isData(row)) return [];
    const { step, due } = row;
    return typeof step === "string" && isCount(due) ? [[step, due] as const] : [];
  });
  return mix.length < 2 ? {} : { mix: mix.slice(0, partsMax) };
}
