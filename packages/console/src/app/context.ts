import type { EvidenceRecord, ReportModel } from "@loadline/contract";
import type { PackedModel } from "../model/packing.ts";
import type { ClaimSort } from "../model/claim-rows.ts";
import type { Place } from "../model/links.ts";

/** What every view of the report is given: the model, where the reader is, how to go elsewhere. */
export interface ReportView {
  readonly model: ReportModel;
  readonly left: PackedModel["left"];
  readonly place: Place;
  /** Changes when colours change. */
  readonly theme: string;
  readonly printing: boolean;
  readonly recordOf: ReadonlyMap<number, EvidenceRecord>;
  /** Changes the filter in the address without a new history entry. */
  onQuery(query: string): void;
  /** Changes the order in the address, likewise. */
  onSort(sort: ClaimSort): void;
}
