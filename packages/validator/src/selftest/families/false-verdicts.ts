import { falseVerdicts, foldFalseVerdict } from "@loadline/contract";
import { sha256 } from "../../evidence/sha256.ts";
import { claimSeen } from "../claim-seen.ts";
import type { SelftestFamily } from "../case.ts";

/** The patterns of false verdicts that a log of records alone can show. */
export const falseVerdictFamily: SelftestFamily = {
  id: "evidence",
  summary: "false verdicts at the level of evidence, V1 to V21",
  cases: () =>
    falseVerdicts.map((one) => ({
      id: `evidence.${one.id}`,
      summary: one.pattern,
      caught: one.caught,
      sabotaged: () =>
        Promise.resolve(claimSeen(foldFalseVerdict(one, "sabotage", sha256), one.claim.id)),
      clean: () => Promise.resolve(claimSeen(foldFalseVerdict(one, "clean", sha256), one.claim.id)),
    })),
};
