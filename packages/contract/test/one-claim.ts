import type { ClaimVerdict } from "../src/report-model.ts";
import { makeClaim, startRun } from "./support.ts";

const run = startRun([makeClaim({ id: "core.up", kind: "predicate" })]);
run.observe("core.up", true);
run.close();
run.end();

/** Of a run whose one claim passed. */
export const document = run.fold();
const [claim] = document.claims;

/** That claim with other values. */
export function claimOf(over: Partial<ClaimVerdict>): ClaimVerdict {
  if (!claim) throw new Error("the run has a claim");
  return { ...claim, ...over };
}
