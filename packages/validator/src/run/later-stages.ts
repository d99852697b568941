import type { Stage } from "./stage.ts";

/**
 * Stages that a full plan promises and no build runs yet: declared, so that nothing leaves them out.
 */
export const laterStages: readonly Stage[] = ["chaos", "audit", "drill"].map((id) => ({
  id,
  isDeclaredOnly: true,
  resume: "repeat",
  feeds: `${id}.`,
  plannedMs: () => 0,
  run: ({ plan, recorder }) => {
    const sentence = `This build has no ${id} stage, so nothing of it was tested.`;
    for (const claim of plan.claims.filter(({ of }) => of.startsWith(`${id}.`))) {
      const data = { reason: "not_run", sentence };
      recorder.append({ kind: "skip", by: id, claims: [claim.id], data });
    }
    return Promise.resolve();
  },
}));
