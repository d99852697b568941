import { miniClaim, startMiniRun } from "@loadline/contract";
import { sha256 } from "../../evidence/sha256.ts";
import { type LoadCheck, type SampleAnswer, viewOf } from "../../load/scenario/checks/check.ts";
import { loadChecks } from "../../load/scenario/checks/table.ts";
import { claimSeen } from "../claim-seen.ts";
import type { CaseSeen, SelftestCase, SelftestFamily } from "../case.ts";
import { saboteurOf } from "../registry.ts";

/** One check of a kind, bound to its own sample. */
interface BoundCheck {
  readonly id: string;
  readonly summary: string;
  holds(side: "clean" | "broken"): boolean;
}

function bind<T>(check: LoadCheck<T>): BoundCheck {
  const { wanted, clean, broken } = saboteurOf(`check.${check.id}`, check.saboteur);
  const sides: Readonly<Record<"clean" | "broken", SampleAnswer>> = { clean, broken };
  return {
    id: check.id,
    summary: check.summary,
    holds: (side) => check.holds(viewOf(sides[side]), wanted),
  };
}

/** One answer per kind, that of `id` on the named side; all folded together. */
function judged(all: readonly BoundCheck[], id: string, side: "clean" | "broken"): CaseSeen {
  const claims = all.map((one) => miniClaim({ id: one.id, kind: "predicate", of: one.id }));
  const run = startMiniRun(claims, { digest: sha256 });
  for (const one of all) {
    const at = { stream: one.id, part: "all" };
    const ok = one.holds(one.id === id ? side : "clean");
    run.add({ kind: "observation", claims: [one.id], data: { ...at, ok, seen: one.summary } });
    run.add({ kind: "sample.closed", data: at });
  }
  run.end();
  return claimSeen(run.fold(), id);
}

/** Checks a load plan may ask of answers, each on an answer that breaks it. */
export const loadCheckFamily: SelftestFamily = {
  id: "check",
  summary: "checks of answers under load, on an answer that breaks each",
  cases() {
    const all = [
      bind(loadChecks.status),
      bind(loadChecks.outcome),
      bind(loadChecks.header),
      bind(loadChecks.contains),
      bind(loadChecks.json),
      bind(loadChecks.bytes),
      bind(loadChecks.within),
      bind(loadChecks.tokens),
    ];
    const bound = new Set(all.map(({ id }) => id));
    for (const id of Object.keys(loadChecks)) {
      if (!bound.has(id)) saboteurOf(`check.${id}`, "");
    }
    return all.map((check): SelftestCase => ({
      id: `check.${check.id}`,
      summary: check.summary,
      caught: "failed false",
      sabotaged: () => Promise.resolve(judged(all, check.id, "broken")),
      clean: () => Promise.resolve(judged(all, check.id, "clean")),
    }));
  },
};
