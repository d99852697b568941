import type { ClaimVerdict } from "@loadline/contract";
import { useState } from "preact/hooks";
import type { ReportView } from "../../app/context.ts";
import { firstScreenOf, type FirstScreen } from "../../model/first-screen.ts";
import { countFigure } from "../../model/format.ts";
import { addressOf } from "../../model/links.ts";
import { outcomeMarks } from "../../model/mark-shapes.ts";
import { Command } from "../../parts/command.tsx";
import { Fig } from "../../parts/figure.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";
import { Mark } from "../../parts/verdict-mark.tsx";
import { ClaimRow } from "./claim-row.tsx";
import { More } from "./more.tsx";
import { Proven } from "./proven.tsx";

const stoppersShown = 8;
const proofsShown = 4;
const limitsShown = 3;

/** The first screen: may I sign, what stops me, what was not tested, what would prove it. */
export function VerdictView({ model, printing }: ReportView) {
  const screen = firstScreenOf(model);
  const { verdict } = model;
  return (
    <div class="first">
      <section class={`outcome outcome-${verdict.outcome}`} aria-label="Outcome">
        <h1>
          <Mark verdict={outcomeMarks[verdict.outcome]} /> {verdict.outcome}
        </h1>
        <p class="sentence">
          <Untrusted text={verdict.sentence} />
        </p>
        <Counts screen={screen} />
      </section>
      <div class="main-column">
        <Stoppers stoppers={screen.stoppers} unmet={screen.unmet} printing={printing} />
        <Proven claims={screen.proven} beside={screen.stoppers.length} printing={printing} />
      </div>
      <div class="aside">
        <Untested untested={screen.untested} />
        <ToProve rows={screen.toProve} printing={printing} />
        <section>
          <h2>Reproduce</h2>
          <Command line={screen.reproduce} label="reproduce" />
        </section>
        <DoesNotProve limits={verdict.limits} printing={printing} />
        <section>
          <h2>Bundle</h2>
          <p>
            <code class="digest">{verdict.chainHead}</code>
          </p>
          <p>
            <Untrusted text={model.origin} /> <a href={addressOf({ screen: "run" })}>verify here</a>
          </p>
          <Command line={screen.verify} label="verify" />
        </section>
      </div>
    </div>
  );
}

function Counts({ screen }: { readonly screen: FirstScreen }) {
  return (
    <ul class="counts">
      {screen.counts.map(({ word, verdict, n }) => (
        <li key={word} class={n.value === 0 ? "count count-zero" : "count"}>
          {verdict ? <Mark verdict={verdict} /> : null}
          <b>
            <Fig figure={n} />
          </b>{" "}
          {word}
        </li>
      ))}
      <li class="count count-decided">
        decided{" "}
        <b>
          <Fig figure={screen.decided} />
        </b>{" "}
        of <Fig figure={screen.required} /> required
      </li>
    </ul>
  );
}

interface StoppersProps {
  readonly stoppers: readonly ClaimVerdict[];
  readonly unmet: readonly string[];
  readonly printing: boolean;
}

function Stoppers({ stoppers, unmet, printing }: StoppersProps) {
  const [all, setAll] = useState(false);
  const shown = all || printing ? stoppers : stoppers.slice(0, stoppersShown);
  const rest = stoppers.length - shown.length;
  return (
    <section class="stoppers">
      <h2>
        Stops READY <Fig figure={countFigure(stoppers.length + unmet.length)} />
      </h2>
      {stoppers.length + unmet.length === 0 ? (
        <Notice kind="empty">Nothing: every required claim is passed or validly waived.</Notice>
      ) : (
        <ul class="stop-list">
          {shown.map((claim) => (
            <Stopper key={claim.id} claim={claim} />
          ))}
          {unmet.map((text) => (
            <li key={text} class="stop stop-demand" data-row>
              <a href={addressOf({ screen: "scorecard" })}>the plan asks for more</a>
              <span class="stop-why">
                <Untrusted text={text} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {rest > 0 ? (
        <button type="button" onClick={() => setAll(true)}>
          show <Fig figure={countFigure(rest)} /> more
        </button>
      ) : null}
    </section>
  );
}

function Stopper({ claim }: { readonly claim: ClaimVerdict }) {
  return (
    <ClaimRow claim={claim}>
      <Untrusted text={claim.sentence} />
    </ClaimRow>
  );
}

function Untested({ untested }: { readonly untested: FirstScreen["untested"] }) {
  return (
    <section>
      <h2>Not tested</h2>
      <p>
        <a href={addressOf({ screen: "not-tested" })}>
          <Fig figure={untested.claims} /> claims, <Fig figure={untested.parts} /> parts
        </a>
        {untested.reasons.map(({ reason, n }, index) => (
          <span key={reason}>
            {index === 0 ? ": " : ", "}
            <Fig figure={n} /> <span class="reason">{reason}</span>
          </span>
        ))}
      </p>
    </section>
  );
}

interface ToProveProps {
  readonly rows: FirstScreen["toProve"];
  readonly printing: boolean;
}

function ToProve({ rows, printing }: ToProveProps) {
  const shown = printing ? rows : rows.slice(0, proofsShown);
  return (
    <section>
      <h2>Would prove it</h2>
      {rows.length === 0 ? <p class="muted">Nothing is open.</p> : null}
      <dl class="proofs">
        {shown.map(({ id, text }) => (
          <div key={id}>
            <dt class="id">
              <Untrusted text={id} />
            </dt>
            <dd>
              <Untrusted text={text} />
            </dd>
          </div>
        ))}
      </dl>
      <More rest={rows.length - shown.length} screen="claims" />
    </section>
  );
}

interface LimitsProps {
  readonly limits: readonly string[];
  readonly printing: boolean;
}

function DoesNotProve({ limits, printing }: LimitsProps) {
  const shown = printing ? limits : limits.slice(0, limitsShown);
  return (
    <section>
      <h2>Does not prove</h2>
      {limits.length === 0 ? <p class="muted">No limits were recorded.</p> : null}
      <ul class="plain-list">
        {shown.map((limit) => (
          <li key={limit}>
            <Untrusted text={limit} />
          </li>
        ))}
      </ul>
      <More rest={limits.length - shown.length} screen="run" />
    </section>
  );
}
