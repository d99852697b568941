import type { VerdictDocument } from "@loadline/contract";
import type { CaseSeen } from "./case.ts";

/** What a folded run says of one claim, and which other claims failed or broke. */
export function claimSeen(verdict: VerdictDocument, id: string, evidence?: string): CaseSeen {
  const claim = verdict.claims.find((one) => one.id === id);
  if (claim === undefined) throw new TypeError(`there is no claim ${id}`);
  const blamed = verdict.claims.filter(
    (one) => one.id !== id && (one.verdict === "failed" || one.verdict === "error"),
  );
  return {
    word: claim.reason == null ? claim.verdict : `${claim.verdict} ${claim.reason}`,
    blamed: blamed.map((one) => one.id),
    seen: claim.sentence ?? "",
    ...(evidence === undefined ? {} : { evidence }),
  };
}
