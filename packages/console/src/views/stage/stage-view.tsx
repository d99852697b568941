import type { ClaimVerdict } from "@loadline/contract";
import type { ReportView } from "../../app/context.ts";
import { stagesOf } from "../../model/claim-rows.ts";
import { Notice } from "../../parts/notice.tsx";
import { ClaimsList } from "../claims/claims-list.tsx";

export type StageScreen = "chaos" | "audit" | "drills" | "slo";

interface Section {
  readonly title: string;
  readonly about: string;
  takes(claim: ClaimVerdict, stage: string): boolean;
}

const sections: Readonly<Record<StageScreen, Section>> = {
  chaos: {
    title: "Chaos",
    about: "What becomes of the target's promises while something is broken on purpose.",
    takes: (_, stage) => stage === "chaos",
  },
  audit: {
    title: "Audit",
    about: "What an attacker, or a user with another user's rights, gets out of the target.",
    takes: (_, stage) => stage === "audit",
  },
  drills: {
    title: "Drills",
    about: "Whether what was destroyed comes back from its backup, every acknowledged write of it.",
    takes: (_, stage) => stage === "drill",
  },
  slo: {
    title: "SLO",
    about: "Objectives over time: windows of stored data, and how long the target was away.",
    takes: ({ kind }, stage) =>
      stage === "slo" || kind === "window_slo" || kind === "time_availability",
  },
};

/** The claims of one stage; one that the plan asks nothing of says so, and never reads as passed. */
export function StageView({ stage, ...view }: ReportView & { readonly stage: StageScreen }) {
  const { title, about, takes } = sections[stage];
  const stageOf = stagesOf(view.model);
  const claims = view.model.verdict.claims.filter((claim) => takes(claim, stageOf(claim.id)));
  return (
    <section class={claims.length === 0 ? "stage-empty" : undefined}>
      <h1>{title}</h1>
      <p class="muted">{about}</p>
      {claims.length === 0 ? (
        <Notice kind="empty">
          The plan of this run makes no claim about it, so nothing of it was tested.{" "}
          <code>loadline plan --target URL --profile full</code> prints what a full plan asks.
        </Notice>
      ) : (
        <ClaimsList {...view} claims={claims} name={stage} />
      )}
    </section>
  );
}
