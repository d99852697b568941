import { miniClaim, recordLine, spreadSlices, startMiniRun } from "@loadline/contract";
import { sha256 } from "../../evidence/sha256.ts";
import { cleanView } from "../../load/guards/clean-view.ts";
import type { GuardView } from "../../load/guards/guard.ts";
import { judgeGuards, loadGuards } from "../../load/guards/index.ts";
import { roundsGuard, type RoundsView } from "../../load/guards/rounds.ts";
import { claimSeen } from "../claim-seen.ts";
import type { CaseSeen, SelftestCase, SelftestFamily } from "../case.ts";
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

/** Folds what a ladder's mean says beside what its rounds say; another claim is none of their matter. */
function judgedRounds(view: RoundsView): CaseSeen {
  const { values, atLeast } = view;
  const claims = [
    miniClaim({ id: "speed_up", kind: "predicate" }),
    miniClaim({ id: "other", kind: "predicate", of: "other" }),
  ];
  const run = startMiniRun(claims, { digest: sha256 });
  const guard = { ...roundsGuard.judge(view), streams: ["stream"] };
  run.add({ kind: "guard", data: { ...guard } });
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  run.observe("speed_up", mean >= atLeast);
  run.close();
  const data = { stream: "other", part: "all" };
  run.add({ kind: "observation", claims: ["other"], data: { ...data, ok: true, seen: "200" } });
  run.add({ kind: "sample.closed", data });
  run.end();
  return claimSeen(run.fold(), "speed_up", run.records.map(recordLine).join(""));
}

const roundsCase = (): SelftestCase => ({
  id: roundsGuard.id,
  summary: roundsGuard.summary,
  caught: `inconclusive ${roundsGuard.reason}`,
  sabotaged: () => Promise.resolve(judgedRounds(saboteurOf(roundsGuard.id, roundsGuard.saboteur))),
  clean: () => Promise.resolve(judgedRounds({ values: [1.4, 1.1, 1.2], atLeast: 1 })),
});

/** Guards of the load generator: each voids the verdict its saboteur could have shaped. */
export const loadGuardFamily: SelftestFamily = {
  id: "guard",
  summary: "guards of the load generator, over samples it could have shaped",
  cases: () => [
    ...loadGuards.map((guard): SelftestCase => {
      const change = saboteurOf(guard.id, guard.saboteur);
      return {
        id: guard.id,
        summary: guard.summary,
        caught: `inconclusive ${guard.reason}`,
        sabotaged: () => Promise.resolve(judged(guard.id, { ...cleanView, ...change })),
        clean: () => Promise.resolve(judged(guard.id, cleanView)),
      };
    }),
    roundsCase(),
  ],
};
