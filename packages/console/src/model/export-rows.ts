import type {
  ClaimVerdict,
  EvidenceRecord,
  Figure,
  Interval,
  ReportModel,
} from "@loadline/contract";
import type { UntestedPart } from "./claim-rows.ts";
import type { ChartTable } from "./chart-data.ts";
import type { Cell, ExportTable } from "./export.ts";

const figureCells = (figure: Figure | null): readonly [Cell, Cell] =>
  figure === null ? [null, ""] : [figure.value, figure.unit];

const boundCells = (interval: Interval | null): readonly [Cell, Cell, Cell] =>
  interval === null ? [null, null, ""] : [interval.lower, interval.upper, interval.unit];

/** Claims with the figures that decided them, one a row. */
export const claimTable = (claims: readonly ClaimVerdict[]): ExportTable => ({
  columns: [
    "id",
    "verdict",
    "disposition",
    "reason",
    "required",
    "category",
    "kind",
    "statement",
    "observed",
    "unit",
    "lower",
    "upper",
    "interval unit",
    "confidence",
    "limit",
    "limit unit",
    "n",
    "bad",
    "to prove",
    "evidence",
  ],
  rows: claims.map((claim) => [
    claim.id,
    claim.verdict,
    claim.disposition ?? "",
    claim.reason ?? "",
    claim.required,
    claim.category,
    claim.kind,
    claim.statement,
    ...figureCells(claim.observed),
    ...boundCells(claim.interval),
    claim.confidence,
    ...figureCells(claim.limit),
    claim.n,
    claim.bad,
    claim.toProve,
    claim.evidence.join(" "),
  ]),
});

/** Parts without evidence, one a row. */
export const untestedTable = (parts: readonly UntestedPart[]): ExportTable => ({
  columns: ["claim", "part", "reason", "required", "why", "to prove"],
  rows: parts.map(({ claim, part }) => [
    claim.id,
    part.part,
    part.reason ?? "",
    claim.required,
    part.sentence,
    claim.toProve,
  ]),
});

/** Findings, one a row. */
export const findingTable = (findings: ReportModel["findings"]): ExportTable => ({
  columns: [
    "fingerprint",
    "severity",
    "status",
    "owner",
    "title",
    "impact",
    "resolution",
    "claims",
    "evidence",
  ],
  rows: findings.map((one) => [
    one.fingerprint,
    one.severity,
    one.status,
    one.owner ?? "",
    one.title,
    one.impact,
    one.remedy,
    one.claims.join(" "),
    one.evidence.join(" "),
  ]),
});

/** Records, one a row; what was seen as JSON. */
export const recordTable = (records: readonly EvidenceRecord[]): ExportTable => ({
  columns: ["seq", "at", "kind", "by", "claims", "provenance", "data", "hash"],
  rows: records.map(({ seq, at, kind, by, claims, provenance, data, hash }) => [
    seq,
    at,
    kind,
    by.id,
    claims.join(" "),
    provenance,
    JSON.stringify(data),
    hash,
  ]),
});

/** A chart's table with its units in the column names. */
export const chartTable = ({ columns, rows }: ChartTable): ExportTable => ({
  columns: columns.map((name, index) => {
    const unit = rows.find((row) => row[index] !== undefined)?.[index]?.unit ?? "";
    return unit === "" ? name : `${name} (${unit})`;
  }),
  rows: rows.map((row) => row.map(({ value }) => value)),
});
