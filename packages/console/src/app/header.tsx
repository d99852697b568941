import type { ReportModel } from "@loadline/contract";
import { firstScreenOf } from "../model/first-screen.ts";
import { formatMinute } from "../model/format.ts";
import { addressOf, screens, type Place, type Screen } from "../model/links.ts";
import { outcomeMarks } from "../model/mark-shapes.ts";
import { Fig } from "../parts/figure.tsx";
import { Untrusted } from "../parts/untrusted.tsx";
import { Mark } from "../parts/verdict-mark.tsx";

const screenNames: Readonly<Record<Screen, string>> = {
  verdict: "Verdict",
  claims: "Claims",
  "not-tested": "Not tested",
  findings: "Findings",
  load: "Load",
  chaos: "Chaos",
  audit: "Audit",
  drills: "Drills",
  slo: "SLO",
  scorecard: "Scorecard",
  evidence: "Evidence",
  run: "Run",
};

interface HeaderProps {
  readonly model: ReportModel;
  readonly place: Place;
  readonly theme: "light" | "dark";
  onTheme(): void;
  onHelp(): void;
}

/** Which run this is, its outcome on every screen, and the way to every screen. */
export function Header({ model, place, theme, onTheme, onHelp }: HeaderProps) {
  const { verdict } = model;
  const { duration } = firstScreenOf(model);
  return (
    <header class="top">
      <div class="top-line">
        <a class="brand" href={addressOf({ screen: "verdict" })}>
          <svg class="brand-mark" viewBox="0 0 20 20" aria-hidden="true">
            <circle cx="10" cy="10" r="6.2" fill="none" stroke="currentColor" stroke-width="1.8" />
            <path d="M.5 10h19" stroke="currentColor" stroke-width="1.8" />
          </svg>
          Loadline
        </a>
        <p class="context">
          <span class="context-target">
            <Untrusted text={verdict.target} />
          </span>
          <span>
            profile <Untrusted text={verdict.profile} />
          </span>
          <time>{formatMinute(verdict.startedAt)}</time>
          <Fig figure={duration} />
        </p>
        <p class="top-outcome">
          <Mark verdict={outcomeMarks[verdict.outcome]} /> {verdict.outcome}
        </p>
        <div class="tools">
          <button type="button" onClick={onTheme}>
            {theme === "dark" ? "light" : "dark"}
          </button>
          <button type="button" onClick={onHelp} aria-label="keys">
            ?
          </button>
        </div>
      </div>
      <nav aria-label="Report">
        {screens.map((screen) => (
          <a
            key={screen}
            href={addressOf({ screen })}
            aria-current={screen === place.screen ? "page" : undefined}
          >
            {screenNames[screen]}
          </a>
        ))}
      </nav>
    </header>
  );
}
