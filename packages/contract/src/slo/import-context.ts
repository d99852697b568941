import type { Fields, Reading } from "./fields.ts";
import type { EscalationLevel, Receiver, Slo, SloClaim } from "./model.ts";

/** Series of a service that are known beforehand, as selectors. */
export interface ServiceSeries {
  readonly bad?: string;
  readonly total?: string;
  readonly good?: string;
  readonly histogram?: string;
  readonly bounds?: readonly number[];
}

export interface ImportOptions {
  /** Service that `slo_targets` are about. */
  readonly service: string;
  readonly series: Readonly<Record<string, ServiceSeries>>;
}

/** What an import has found so far. */
export interface Import extends Reading {
  readonly options: ImportOptions;
  readonly slos: Slo[];
  readonly claims: SloClaim[];
  readonly receivers: Receiver[];
  readonly escalation: EscalationLevel[];
  intervals: { readonly collectMs: number; readonly healthMs: number };
  profile?: string;
}

/** One section of the file; `whole` are its siblings. */
export type ReadSection = (i: Import, value: unknown, path: string, whole: Fields) => void;
