import type { ClaimVerdict, ReportModel } from "@loadline/contract";
import type { ReportView } from "../src/app/context.ts";
import { home, type Place } from "../src/model/links.ts";
import { fixtureModel } from "./fixture-model.ts";

/** What a view is given, on paper or not, for a model and a place. */
export function viewOf(
  model: ReportModel = fixtureModel(),
  place: Partial<Place> = {},
  more: Partial<ReportView> = {},
): ReportView {
  return {
    model,
    left: { records: 0, findings: 0, texts: 0 },
    place: { ...home, ...place },
    theme: "light",
    printing: false,
    recordOf: new Map(model.records.map((record) => [record.seq, record])),
    onQuery: () => undefined,
    onSort: () => undefined,
    ...more,
  };
}

/** The same model with other claims; counts stay, they are the verdict's own. */
export const withClaims = (
  claims: readonly ClaimVerdict[],
  model: ReportModel = fixtureModel(),
): ReportModel => ({ ...model, verdict: { ...model.verdict, claims } });

/** The first claim of the fixture that has this verdict. */
export function claimOf(verdict: ClaimVerdict["verdict"]): ClaimVerdict {
  const claim = fixtureModel().verdict.claims.find((known) => known.verdict === verdict);
  if (claim === undefined) throw new Error(`the fixture has no ${verdict} claim`);
  return claim;
}
