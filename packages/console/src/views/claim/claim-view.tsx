import type { ClaimVerdict, PartVerdict } from "@loadline/contract";
import type { ReportView } from "../../app/context.ts";
import { commandLine } from "../../model/command.ts";
import { countFigure } from "../../model/format.ts";
import { addressOf, nearestId } from "../../model/links.ts";
import { Command } from "../../parts/command.tsx";
import { Fig, RecordLink } from "../../parts/figure.tsx";
import { IntervalBar } from "../../parts/interval.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Observed } from "../../parts/observed.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";
import { VerdictMark } from "../../parts/verdict-mark.tsx";
import { ClaimFacts } from "./claim-facts.tsx";
import { EvidenceLinks } from "./evidence-links.tsx";
import { ChartsLink, CopyLink, Scope } from "./scope.tsx";

/** One claim with everything that decided it, or the nearest claim when the address is unknown. */
export function ClaimView({ id, ...view }: ReportView & { readonly id: string }) {
  const { claims } = view.model.verdict;
  const claim = claims.find((known) => known.id === id);
  if (claim !== undefined) return <Claim claim={claim} {...view} />;
  const near = nearestId(
    id,
    claims.map((known) => known.id),
  );
  return (
    <>
      <h1>Unknown claim</h1>
      <Notice kind="empty">
        This report has no claim <Untrusted text={id} />.{" "}
        {near === null ? null : (
          <>
            The nearest is{" "}
            <a class="id" href={addressOf({ screen: "claims", id: near })}>
              <Untrusted text={near} />
            </a>
            .
          </>
        )}
      </Notice>
    </>
  );
}

function Claim({ claim, ...view }: ReportView & { readonly claim: ClaimVerdict }) {
  const planned = view.model.plan.claims.find((known) => known.id === claim.id);
  return (
    <article class="claim">
      <p class="crumb">
        <a href={addressOf({ screen: "claims" })}>Claims</a>
      </p>
      <h1 class="id">
        <Untrusted text={claim.id} />
      </h1>
      <p class="claim-head">
        <VerdictMark
          verdict={claim.verdict}
          disposition={claim.disposition}
          reason={claim.reason}
        />
        <span class="tag">{claim.required ? "required" : "optional"}</span>
        <span class="tag">{claim.kind}</span>
        <span class="tag">{claim.category}</span>
        <CopyLink />
      </p>
      <p class="statement">
        <Untrusted text={claim.statement} />
      </p>
      <p>
        <Untrusted text={claim.sentence} />
      </p>
      <ClaimFacts claim={claim} planned={planned} />
      <ChartsLink series={view.model.load} stream={planned?.of ?? ""} />
      {claim.toProve === "" ? null : (
        <p>
          <b>Would prove it:</b> <Untrusted text={claim.toProve} />
        </p>
      )}
      <h2>Parts</h2>
      <Parts claim={claim} wanted={view.place.part} />
      <h2>Guards</h2>
      <Guards view={view} claim={claim} stream={planned?.of ?? ""} />
      <h2>Why it is asked</h2>
      <p>
        <Untrusted text={planned?.rationale ?? "The plan gives no reason."} />
      </p>
      <Scope records={recordsOf(view, claim)} />
      <h2>Evidence</h2>
      <EvidenceLinks evidence={claim.evidence} recordOf={view.recordOf} />
      <h2>Run it again</h2>
      <Command line={commandLine(again(view.model, claim))} label="command" />
    </article>
  );
}

/** The records of a claim that are in the page. */
const recordsOf = ({ recordOf }: Pick<ReportView, "recordOf">, { evidence }: ClaimVerdict) =>
  evidence.map((seq) => recordOf.get(seq)).filter((record) => record !== undefined);

/** A claim without a command of its own was observed by the run as a whole. */
const again = ({ commands }: ReportView["model"], { reproduce }: ClaimVerdict) =>
  reproduce.length === 0 ? commands.reproduce : reproduce;

interface PartsProps {
  readonly claim: ClaimVerdict;
  readonly wanted: string | null;
}

function Parts({ claim, wanted }: PartsProps) {
  const known = wanted === null || claim.parts.some((part) => part.part === wanted);
  return (
    <>
      {known ? null : (
        <Notice kind="empty">
          This claim has no part <Untrusted text={wanted} />; all its parts follow.
        </Notice>
      )}
      <ul class="parts">
        {claim.parts.map((part) => (
          <Part key={part.part} part={part} claim={claim} chosen={part.part === wanted} />
        ))}
      </ul>
    </>
  );
}

interface PartProps {
  readonly part: PartVerdict;
  readonly claim: ClaimVerdict;
  readonly chosen: boolean;
}

function Part({ part, claim, chosen }: PartProps) {
  const causes = Object.entries(part.badBy);
  return (
    <li class={chosen ? "part part-chosen" : "part"} data-row>
      <VerdictMark verdict={part.verdict} reason={part.reason} />
      <a class="id" href={addressOf({ screen: "claims", id: claim.id, part: part.part })}>
        <Untrusted text={part.part} />
      </a>
      <span>
        <Observed claim={{ ...part, kind: claim.kind }} />
      </span>
      {claim.kind === "predicate" ? null : (
        <span class="part-interval">
          <IntervalBar interval={part.interval} observed={part.observed} limit={part.limit} />
        </span>
      )}
      <span>
        n <Fig figure={countFigure(part.n)} />, bad <Fig figure={countFigure(part.bad)} />
        {part.undefined === 0 ? null : (
          <>
            , not measurable <Fig figure={countFigure(part.undefined)} />
          </>
        )}
        {causes.map(([cause, n], index) => (
          <span key={cause}>
            {index === 0 ? ": " : ", "}
            <Untrusted text={cause} /> <Fig figure={countFigure(n)} />
          </span>
        ))}
      </span>
      <span class="muted part-why">
        <Untrusted text={part.sentence} />
      </span>
    </li>
  );
}

interface GuardsProps {
  readonly view: Pick<ReportView, "model">;
  readonly claim: ClaimVerdict;
  readonly stream: string;
}

function Guards({ view, claim, stream }: GuardsProps) {
  const guards = view.model.verdict.guards.filter(
    (guard) =>
      guard.kinds.includes(claim.kind) &&
      guard.streams.some((watched) => watched === "*" || watched === stream),
  );
  if (guards.length === 0) return <p class="muted">No guard watches this claim.</p>;
  return <GuardList guards={guards} />;
}

/** Guards with what they saw; a broken one says what it makes of a verdict. */
export function GuardList({
  guards,
}: {
  readonly guards: ReportView["model"]["verdict"]["guards"];
}) {
  return (
    <ul class="plain-list">
      {guards.map((guard) => (
        <li key={guard.seq} class={guard.holds ? "guard" : "guard guard-broken"}>
          <b>{guard.holds ? "holds" : "broken"}</b>{" "}
          <span class="id">
            <Untrusted text={guard.guard} />
          </span>{" "}
          <Untrusted text={guard.seen} /> <RecordLink seq={guard.seq} />
        </li>
      ))}
    </ul>
  );
}
