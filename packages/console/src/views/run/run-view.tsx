import type { ReportView } from "../../app/context.ts";
import { countFigure, formatMinute } from "../../model/format.ts";
import { firstScreenOf } from "../../model/first-screen.ts";
import { outcomeMarks } from "../../model/mark-shapes.ts";
import { Command } from "../../parts/command.tsx";
import { Fig } from "../../parts/figure.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";
import { Mark } from "../../parts/verdict-mark.tsx";
import { VerifyHere } from "../verify/verify-here.tsx";
import { GuardList } from "../claim/claim-view.tsx";
import { Waivers } from "./waivers.tsx";

/** What was run, with what, and what this evidence does not prove. */
export function RunView({ model }: ReportView) {
  const { verdict } = model;
  const screen = firstScreenOf(model);
  return (
    <section class="run">
      <h1>Run</h1>
      <div class="columns">
        <Facts model={model} />
        <section>
          <h2>Does not prove</h2>
          <ul class="plain-list">
            {verdict.limits.map((limit) => (
              <li key={limit}>
                <Untrusted text={limit} />
              </li>
            ))}
          </ul>
          <h2>Verify, signatures and approval</h2>
          <Command line={screen.verify} label="verify" />
          <p class="muted">
            <Untrusted text={model.origin} />. Whoever signs or approves a bundle does so after this
            page is written: <code>loadline verify BUNDLE --keys FILE</code> names each signature
            and approval with its key.
          </p>
          <VerifyHere chainHead={verdict.chainHead} />
        </section>
        <section>
          <h2>Guards</h2>
          {verdict.guards.length === 0 ? (
            <Notice kind="empty">No guard reported.</Notice>
          ) : (
            <GuardList guards={verdict.guards} />
          )}
        </section>
        <Waivers verdict={verdict} />
        <Tools model={model} />
        <Earlier model={model} />
      </div>
      <h2>Plan</h2>
      <details>
        <summary>
          plan as given, <Fig figure={countFigure(model.plan.claims.length)} /> claims
        </summary>
        <PlanText text={model.plan.text} />
      </details>
    </section>
  );
}

type ModelProps = Pick<ReportView, "model">;

function Facts({ model }: ModelProps) {
  const { verdict } = model;
  return (
    <section>
      <h2>Facts</h2>
      <dl class="pairs">
        <dt>run</dt>
        <dd class="id">
          <Untrusted text={verdict.run} />
        </dd>
        <dt>target</dt>
        <dd>
          <Untrusted text={verdict.target} />
        </dd>
        {verdict.identity?.map(({ target, fact, value, provenance }) => [
          <dt key={`${target} ${fact} ${provenance}`}>{fact}</dt>,
          <dd key={`${target} ${fact} ${value}`} class="id">
            <Untrusted text={`${target}: ${value} (${provenance})`} />
          </dd>,
        ])}
        <dt>profile</dt>
        <dd>
          <Untrusted text={verdict.profile} />
        </dd>
        <dt>started</dt>
        <dd>
          <time>{verdict.startedAt}</time>
        </dd>
        <dt>ended</dt>
        <dd>
          <time>{verdict.endedAt}</time>
        </dd>
        <dt>records</dt>
        <dd>
          <Fig figure={countFigure(model.recordCount)} />
        </dd>
        <dt>plan digest</dt>
        <dd>
          <code class="digest">{verdict.planDigest}</code>
        </dd>
        <dt>chain head</dt>
        <dd>
          <code class="digest">{verdict.chainHead}</code>
        </dd>
        <dt>fold</dt>
        <dd class="id">
          <Untrusted text={verdict.foldVersion} />
        </dd>
      </dl>
    </section>
  );
}

const Tools = ({ model }: ModelProps) => (
  <section>
    <h2>Tools</h2>
    {model.verdict.tools.length === 0 ? <Notice kind="empty">No tool was asked for.</Notice> : null}
    <ul class="plain-list">
      {model.verdict.tools.map((tool) => (
        <li key={tool.id}>
          <b>{tool.found ? "found" : "missing"}</b>{" "}
          <span class="id">
            <Untrusted text={tool.id} />
          </span>{" "}
          <span class="muted">
            <Untrusted text={tool.detail} />
          </span>
        </li>
      ))}
    </ul>
  </section>
);

const Earlier = ({ model }: ModelProps) => (
  <section>
    <h2>Earlier runs of this plan and target</h2>
    {model.earlier.length === 0 ? (
      <Notice kind="empty">The state directory knows none.</Notice>
    ) : null}
    <ul class="plain-list">
      {model.earlier.map((run) => (
        <li key={run.run}>
          <Mark verdict={outcomeMarks[run.outcome]} /> {run.outcome}{" "}
          <time>{formatMinute(run.at)}</time>{" "}
          <span class="id">
            <Untrusted text={run.run} />
          </span>
          {run.planDigest === model.plan.digest ? null : (
            <span class="tag tag-after">another plan digest</span>
          )}
        </li>
      ))}
    </ul>
  </section>
);

/** The plan is long and the reader's own: shown whole, a piece of 4,000 characters at a time. */
function PlanText({ text }: { readonly text: string }) {
  const pieces = text.match(/[\s\S]{1,4000}(?:\n|$)|[\s\S]{1,4000}/g) ?? [];
  return (
    <div class="plan-text">
      {pieces.map((piece, index) => (
        <Untrusted key={index} text={piece} block />
      ))}
    </div>
  );
}
