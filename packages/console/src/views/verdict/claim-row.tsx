import type { ClaimVerdict } from "@loadline/contract";
import type { ComponentChildren } from "preact";
import { countFigure } from "../../model/format.ts";
import { addressOf } from "../../model/links.ts";
import { Fig } from "../../parts/figure.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";
import { VerdictMark } from "../../parts/verdict-mark.tsx";
import { Seen } from "./seen.tsx";

interface ClaimRowProps {
  readonly claim: ClaimVerdict;
  /** Why the verdict is what it is. */
  readonly children: ComponentChildren;
}

/** One claim on the first screen: verdict, statement, what was seen, how many samples, why. */
export function ClaimRow({ claim, children }: ClaimRowProps) {
  return (
    <li class="stop" data-row>
      <VerdictMark verdict={claim.verdict} reason={claim.reason} />
      <span class="stop-claim">
        <a class="id" href={addressOf({ screen: "claims", id: claim.id })}>
          <Untrusted text={claim.id} />
        </a>
        <span class="stop-statement">
          <Untrusted text={claim.statement} />
        </span>
      </span>
      <span class="stop-interval">
        <Seen claim={claim} />
      </span>
      <span class="stop-n">
        n <Fig figure={countFigure(claim.n)} />
      </span>
      <span class="stop-why">{children}</span>
    </li>
  );
}
