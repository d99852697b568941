import type { EvidenceRecord, ReportModel } from "@loadline/contract";

/** Records by column; `by` and `target` repeat, so they are kept once and pointed at. */
export interface PackedRecords {
  readonly run: string;
  readonly by: readonly EvidenceRecord["by"][];
  readonly targets: readonly string[];
  /** One row per record: seq, at, mono, kind, by, claims, target, provenance, data, refs, proves, doesNotProve, prev, hash. */
  readonly rows: readonly PackedRow[];
}

type PackedRow = readonly [
  seq: number,
  at: string,
  mono: number,
  kind: EvidenceRecord["kind"],
  by: number,
  claims: readonly string[],
  target: number,
  provenance: EvidenceRecord["provenance"],
  data: EvidenceRecord["data"],
  refs: readonly string[],
  proves: readonly string[],
  doesNotProve: readonly string[],
  /** 0 when it is the hash of the row above. */
  prev: string | 0,
  hash: string,
];

type Finding = ReportModel["findings"][number];

/** A finding; an answer that stands in a record is not told twice: `raw` is that record's seq. */
export type PackedFinding = Omit<Finding, "raw"> & { readonly raw: string | number };

/** What the page reads: the report model with packed records and the counts of what was cut. */
export type PackedModel = Omit<ReportModel, "records" | "findings"> & {
  readonly records: PackedRecords;
  readonly findings: readonly PackedFinding[];
  readonly left: { readonly records: number; readonly findings: number; readonly texts: number };
};

/** A growing list of distinct values; `at` gives a value's place. */
function createTable<T>(keyOf: (value: T) => string) {
  const places = new Map<string, number>();
  const values: T[] = [];
  return {
    values,
    at(value: T): number {
      const key = keyOf(value);
      const known = places.get(key);
      if (known !== undefined) return known;
      places.set(key, values.length);
      values.push(value);
      return values.length - 1;
    },
  };
}

/** Packs the records of one run; `unpackRecords` is its inverse. */
export function packRecords(records: readonly EvidenceRecord[]): PackedRecords {
  const by = createTable<EvidenceRecord["by"]>((b) => JSON.stringify([b.id, b.version, b.digest]));
  const targets = createTable<string>((target) => target);
  let above = "";
  const rows = records.map((r): PackedRow => {
    const prev = r.prev === above ? 0 : r.prev;
    above = r.hash;
    return [
      r.seq,
      r.at,
      r.mono,
      r.kind,
      by.at(r.by),
      r.claims,
      targets.at(r.target),
      r.provenance,
      r.data,
      r.refs,
      r.proves,
      r.doesNotProve,
      prev,
      r.hash,
    ];
  });
  return { run: records[0]?.run ?? "", by: by.values, targets: targets.values, rows };
}

/** The records as they were before `packRecords`. */
export function unpackRecords(packed: PackedRecords): readonly EvidenceRecord[] {
  let above = "";
  return packed.rows.map((row): EvidenceRecord => {
    const [seq, at, mono, kind, by, claims, target, provenance, data, refs, proves, not] = row;
    const prev = row[12] === 0 ? above : row[12];
    above = row[13];
    return {
      v: 1,
      seq,
      run: packed.run,
      at,
      mono,
      kind,
      by: packed.by[by] ?? { id: "", version: "", digest: "" },
      claims,
      target: packed.targets[target] ?? "",
      provenance,
      data,
      refs,
      proves,
      doesNotProve: not,
      prev,
      hash: above,
    };
  });
}

const rawOf = (data: EvidenceRecord["data"]): string | undefined => {
  const { raw } = data;
  return typeof raw === "string" ? raw : undefined;
};

/** Points each finding at the record that holds its answer; `unpackFindings` is its inverse. */
export function packFindings(
  findings: readonly Finding[],
  records: readonly EvidenceRecord[],
): readonly PackedFinding[] {
  const holder = new Map<string, number>();
  for (const { seq, data } of records) {
    const raw = rawOf(data);
    if (raw !== undefined && !holder.has(raw)) holder.set(raw, seq);
  }
  return findings.map((one) => ({ ...one, raw: holder.get(one.raw) ?? one.raw }));
}

/** The findings as they were before `packFindings`. */
export function unpackFindings(
  findings: readonly PackedFinding[],
  records: readonly EvidenceRecord[],
): readonly Finding[] {
  const bySeq = new Map(records.map(({ seq, data }) => [seq, rawOf(data)]));
  return findings.map(({ raw, ...rest }) => ({
    ...rest,
    raw: typeof raw === "number" ? (bySeq.get(raw) ?? "") : raw,
  }));
}
