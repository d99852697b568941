import type { RecordKind } from "./record.ts";

/** Every kind of record once; the compiler refuses a kind that is missing here. */
const known: Readonly<Record<RecordKind, true>> = {
  "run.started": true,
  "stage.started": true,
  "stage.ended": true,
  observation: true,
  "sample.tally": true,
  "sample.closed": true,
  "sample.means": true,
  "sample.blocks": true,
  "sample.episodes": true,
  "sample.window": true,
  ledger: true,
  value: true,
  "fault.effect": true,
  "source.destroyed": true,
  "target.empty": true,
  item: true,
  guard: true,
  skip: true,
  "check.error": true,
  "load.slice": true,
  finding: true,
  note: true,
  "run.closed": true,
};

/** The kinds of records, for published schemas. */
export const recordKinds: readonly string[] = Object.keys(known);
