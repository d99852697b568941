import { miniClaim, recordLine, spreadSlices, startMiniRun } from "@loadline/contract";
import { sha256 } from "../../evidence/sha256.ts";
import { cleanView } from "../../load/guards/clean-view.ts";
import type { GuardView } from "../../load/guards/guard.ts";
import { judgeGuards, loadGuards } from "../../load/guards/index.ts";
import { claimSeen } from "../claim-seen.ts";
import type { CaseSeen, SelftestFamily } from "../case.ts";
import { saboteurOf } from "../registry.ts";

/** Folds a sample beside what the guards say of it; guards other than `id` that speak are blamed. */
function judged(id: string, view: GuardView): CaseSeen {
  const claims = [
    miniClaim({ id: "success", kind: "proportion", target: view.target }),
    miniClaim({ id: "other", kind: "proportion", target: view.target, of: "other" }),
  ];
  const run = startMiniRun(claims, { digest: sha256 });
  const guards = judgeGuards([
    { stream: "stream", view },
    { stream: "other", view: cleanView },
  ]);
  for (const guard of guards) run.add({ kind: "guard", data: { ...guard } });
  const { n, bad } = view;
  run.tally("success", { n, bad, slices: spreadSlices(n, bad) });
  run.close();
  run.tally("other", { stream: "other", n, bad: 0, slices: spreadSlices(n, 0) });
  run.add({ kind: "sample.closed", data: { stream: "other", part: "all" } });
  run.end();
  const document = run.fold();
  const spoken = guards.filter(({ holds, guard }) => !holds && guard !== id);
  const moved = document.claims.filter((one) => one.id === "other" && one.verdict !== "passed");
  const seen = claimSeen(document, "success", run.records.map(recordLine).join(""));
  return { ...seen, blamed: [...spoken.map(({ guard }) => guard), ...moved.map((one) => one.id)] };
}

/** Guards of the load generator: each voids the verdict its saboteur could have shaped. */
export const loadGuardFamily: SelftestFamily = {
  id: "guard",
  summary: "guards of the load generator, over samples it could have shaped",
  cases: () =>
    loadGuards.map((guard) => {
      const change = saboteurOf(guard.id, guard.saboteur);
      return {
        id: guard.id,
        summary: guard.summary,
        caught: `inconclusive ${guard.reason}`,
        sabotaged: () => Promise.resolve(judged(guard.id, { ...cleanView, ...change })),
        clean: () => Promise.resolve(judged(guard.id, cleanView)),
      };
    }),
};
