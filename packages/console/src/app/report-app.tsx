import type { ReportModel } from "@loadline/contract";
import { useMemo, useRef, useState } from "preact/hooks";
import type { PackedModel } from "../model/packing.ts";
import { firstScreenOf, interruptedWords } from "../model/first-screen.ts";
import { addressOf, home, screens, type Screen } from "../model/links.ts";
import { copyText } from "../parts/command.tsx";
import { Notice } from "../parts/notice.tsx";
import { Untrusted } from "../parts/untrusted.tsx";
import { ClaimView } from "../views/claim/claim-view.tsx";
import { ClaimsView } from "../views/claims/claims-view.tsx";
import { EvidenceView } from "../views/evidence/evidence-view.tsx";
import { FindingsView } from "../views/findings/findings-view.tsx";
import { LoadView } from "../views/load/load-view.tsx";
import { NotTestedView } from "../views/not-tested/not-tested-view.tsx";
import { RunView } from "../views/run/run-view.tsx";
import { ScorecardView } from "../views/scorecard/scorecard-view.tsx";
import { StageView } from "../views/stage/stage-view.tsx";
import { VerdictView } from "../views/verdict/verdict-view.tsx";
import type { ReportView } from "./context.ts";
import { ErrorBoundary } from "./error-boundary.tsx";
import { Header } from "./header.tsx";
import { KeyHelp } from "./key-help.tsx";
import { useKeys } from "./keys.ts";
import { useRoute, type Route } from "./router.ts";
import { usePrinting, useTheme } from "./theme-switch.ts";

interface ReportAppProps {
  readonly model: ReportModel;
  readonly left: PackedModel["left"];
}

/** The whole page: header, the view of the address, all views when printed. */
export function ReportApp({ model, left }: ReportAppProps) {
  const [route, change] = useRoute();
  const [theme, toggleTheme] = useTheme();
  const [keysOn, setKeysOn] = useState(true);
  const [said, setSaid] = useState("");
  const help = useRef<HTMLDialogElement>(null);
  const printing = usePrinting();
  const recordOf = useMemo(() => new Map(model.records.map((r) => [r.seq, r])), [model]);
  const { isInterrupted } = useMemo(() => firstScreenOf(model), [model]);
  const openHelp = (): void => help.current?.showModal();
  useKeys(keysOn, {
    theme: toggleTheme,
    help: openHelp,
    escape: () => leave(route, (query) => change({ query })),
    link: () => void copyText(location.href, null).then(setSaid),
  });
  const view: ReportView = {
    model,
    left,
    place: route.place,
    theme: printing ? "print" : theme,
    printing,
    recordOf,
    onQuery: (query) => change({ query }),
    onSort: (sort) => change({ sort }),
  };
  return (
    <>
      <nav aria-label="skip">
        <a class="skip" href={addressOf(route.place)} onClick={() => focusMain()}>
          to the content
        </a>
      </nav>
      <Header
        model={model}
        place={route.place}
        theme={theme}
        onTheme={toggleTheme}
        onHelp={openHelp}
      />
      <main id="main" tabIndex={-1}>
        {route.unknown === null ? null : (
          <Notice kind="empty">
            This report has no page <Untrusted text={route.unknown.asked} />; the nearest is{" "}
            <a href={`#/${route.unknown.nearest ?? ""}`}>{route.unknown.nearest ?? "verdict"}</a>.
          </Notice>
        )}
        {isInterrupted ? <Notice kind="note">{interruptedWords}</Notice> : null}
        {printing ? <AllViews {...view} /> : <OneView {...view} />}
      </main>
      <p class="said" role="status">
        {said}
      </p>
      <footer class="print-footer">
        chain head <code class="digest">{model.verdict.chainHead}</code>
      </footer>
      <KeyHelp dialog={help} enabled={keysOn} onEnabled={setKeysOn} />
    </>
  );
}

function leave(route: Route, setQuery: (query: string) => void): void {
  const active = document.activeElement;
  if (route.place.query !== "") setQuery("");
  else if (active instanceof HTMLInputElement) active.blur();
  else if (route.place.part !== null) location.hash = addressOf({ ...route.place, part: null });
  else if (route.place.id !== null) location.hash = addressOf({ ...route.place, id: null });
  else location.hash = addressOf(home);
}

const focusMain = (): void => document.getElementById("main")?.focus();

const viewOf: Readonly<Record<Screen, (view: ReportView) => preact.JSX.Element>> = {
  verdict: (view) => <VerdictView {...view} />,
  claims: (view) =>
    view.place.id === null ? <ClaimsView {...view} /> : <ClaimView {...view} id={view.place.id} />,
  "not-tested": (view) => <NotTestedView {...view} />,
  findings: (view) => <FindingsView {...view} />,
  load: (view) => <LoadView {...view} />,
  chaos: (view) => <StageView {...view} stage="chaos" />,
  audit: (view) => <StageView {...view} stage="audit" />,
  drills: (view) => <StageView {...view} stage="drills" />,
  slo: (view) => <StageView {...view} stage="slo" />,
  scorecard: (view) => <ScorecardView {...view} />,
  evidence: (view) => <EvidenceView {...view} />,
  run: (view) => <RunView {...view} />,
};

const OneView = (view: ReportView) => (
  <ErrorBoundary place={addressOf(view.place)}>{viewOf[view.place.screen](view)}</ErrorBoundary>
);

const AllViews = (view: ReportView) => (
  <>
    {screens.map((screen) => (
      <OneView key={screen} {...view} place={{ ...home, screen }} />
    ))}
  </>
);
