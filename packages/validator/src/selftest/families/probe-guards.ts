import { miniClaim, recordLine, startMiniRun } from "@loadline/contract";
import { sha256 } from "../../evidence/sha256.ts";
import { hostGuard, type HostView } from "../../probes/host-guard.ts";
import type { CaseSeen, SelftestFamily } from "../case.ts";
import { claimSeen } from "../claim-seen.ts";
import { saboteurOf } from "../registry.ts";

/** Folds a probe's claim beside what the guard says of its machine; another claim is none of its matter. */
function judged(view: HostView): CaseSeen {
  const claims = [
    miniClaim({ id: "chat", kind: "predicate" }),
    miniClaim({ id: "other", kind: "predicate", of: "other" }),
  ];
  const run = startMiniRun(claims, { digest: sha256 });
  const guard = hostGuard.judge(view);
  if (guard !== null) run.add({ kind: "guard", data: { ...guard, streams: ["stream"] } });
  run.observe("chat", view.bad === 0);
  run.close();
  const data = { stream: "other", part: "all" };
  run.add({ kind: "observation", claims: ["other"], data: { ...data, ok: true, seen: "200" } });
  run.add({ kind: "sample.closed", data });
  run.end();
  return claimSeen(run.fold(), "chat", run.records.map(recordLine).join(""));
}

/** The guard of the prober: it voids a failure that the machine it shares with its target made. */
export const probeGuardFamily: SelftestFamily = {
  id: "probe-guard",
  summary: "the guard of the prober, over answers that a starved machine gave",
  cases: () => [
    {
      id: hostGuard.id,
      summary: hostGuard.summary,
      caught: `inconclusive ${hostGuard.reason}`,
      sabotaged: () => Promise.resolve(judged(saboteurOf(hostGuard.id, hostGuard.saboteur))),
      clean: () => Promise.resolve(judged({ ...hostGuard.saboteur, bad: 0, shed: 0 })),
    },
  ],
};
