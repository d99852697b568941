import { formatDuration } from "@loadline/contract";
import type { Timer } from "@loadline/kit/clock";
import type { Progress } from "@loadline/validator";
import type { CliHost } from "../process/host.ts";
import { cleanText, clip } from "./clean-text.ts";

export interface ProgressView {
  update(progress: Progress): void;
  /** Leaves the last state on the screen. */
  end(): void;
}

const refreshMs = 500;
/** A stage that says nothing still shows that time passes. */
const tickMs = 1_000;
/** Off a terminal a stage that goes on says so once in this time. */
const lineMs = 10_000;
const barWidth = 16;

/**
 * On a terminal a block redrawn at most twice a second and at least once; elsewhere one line per step
 * of a stage, and one per 10 s while it goes on.
 */
export function createProgress(host: CliHost, title: string): ProgressView {
  const redraws = host.stderr.isTty && host.env["TERM"] !== "dumb";
  return redraws ? blockProgress(host, title) : lineProgress(host);
}

function lineProgress(host: CliHost): ProgressView {
  const said = new Map<string, { readonly state: string; readonly atMs: number }>();
  return {
    update(p) {
      const atMs = host.clock.monotonicMs();
      const last = said.get(p.stage);
      const isStep = last === undefined || last.state !== p.state;
      if (!isStep && (p.state !== "running" || atMs - last.atMs < lineMs)) return;
      said.set(p.stage, { state: p.state, atMs });
      const at = new Date(host.clock.wallMs()).toISOString().slice(11, 19);
      const stage = `stage=${cleanText(p.stage)} state=${p.state}`;
      host.stderr.write(`${at}Z ${stage} ${detailOf(p)}\n`);
    },
    end() {
      said.clear();
    },
  };
}

/** Figures by name where a stage has them, else how far it is and in its own words. */
function detailOf({ figures, leftMs, done, total, text }: Progress): string {
  if (figures !== undefined) {
    const left = leftMs === undefined ? {} : { leftS: Math.round(leftMs / 1_000) };
    const pairs = Object.entries({ ...figures, ...left });
    return pairs.map(([name, value]) => `${name}=${value}`).join(" ");
  }
  const words = cleanText(text).replaceAll('"', "'");
  return `done=${done} total=${total}${words === "" ? "" : ` text="${clip(words, 120)}"`}`;
}

function blockProgress(host: CliHost, title: string): ProgressView {
  const stages = new Map<string, Progress>();
  const startedMs = host.clock.monotonicMs();
  let drawnAtMs = Number.NEGATIVE_INFINITY;
  let linesDrawn = 0;
  let endMs = 0;
  let ticker: Timer | undefined;
  const draw = (): void => {
    const nowMs = host.clock.monotonicMs();
    const times = { elapsedMs: nowMs - startedMs, leftMs: Math.max(0, endMs - nowMs) };
    const width = Math.max(20, host.stderr.columns - 1);
    const lines = blockLines(title, { ...times, width }, [...stages.values()]);
    const up = linesDrawn > 0 ? `\u001b[${linesDrawn}A` : "";
    host.stderr.write(up + lines.map((line) => `\u001b[2K${clip(line, width)}\n`).join(""));
    linesDrawn = lines.length;
    drawnAtMs = host.clock.monotonicMs();
    ticker?.cancel();
    ticker = host.clock.after(tickMs, draw, { unref: true });
  };
  return {
    update(progress) {
      const before = stages.get(progress.stage);
      const isStep = before?.state !== progress.state;
      stages.set(progress.stage, withDetail(before, keptAtEnd(before, progress)));
      const nowMs = host.clock.monotonicMs();
      endMs = nowMs + (progress.leftMs ?? 0);
      if (isStep || nowMs - drawnAtMs >= refreshMs) draw();
    },
    end() {
      draw();
      ticker?.cancel();
    },
  };
}

/** A block keeps its height: a line that is gone is empty. */
const withDetail = (before: Progress | undefined, progress: Progress): Progress =>
  before?.detail === undefined ? progress : { ...progress, detail: progress.detail ?? "" };

/** A stage that ended without a word of its own keeps what it last counted. */
function keptAtEnd(before: Progress | undefined, progress: Progress): Progress {
  if (progress.state !== "done" || progress.text !== "" || before === undefined) return progress;
  if (before.state !== "running") return progress;
  return { ...before, state: "done", done: before.total };
}

const inSeconds = (ms: number): string => formatDuration(Math.round(ms / 1000) * 1000);

/** Said in place of a bar: what was not begun or is left out has none. */
const stateWords: Readonly<Partial<Record<Progress["state"], string>>> = {
  waiting: "waiting",
  skipped: "skipped, its claims are not_tested",
};

/** Two spaces stand between figures and stay; all else of a text is made safe. */
const inColumns = (text: string): string => text.split("  ").map(cleanText).join("  ");

interface BlockOptions {
  readonly elapsedMs: number;
  readonly leftMs: number;
  /** Where the title has to make room for the time. */
  readonly width: number;
}

/** The lines of the block, without any control sequence. */
export function blockLines(
  title: string,
  { elapsedMs, leftMs, width }: BlockOptions,
  stages: readonly Progress[],
): string[] {
  const remaining = leftMs > 0 ? `, left about ${inSeconds(leftMs)}` : "";
  const times = `${inSeconds(elapsedMs)}${remaining}`;
  const lines = [`${clip(title, width - times.length - 4)}    ${times}`];
  for (const one of stages) {
    const share = one.total > 0 ? Math.min(1, one.done / one.total) : 0;
    const filled = Math.round(share * barWidth);
    const bar = "#".repeat(filled).padEnd(barWidth, ".");
    // What is long and has words of its own counts time: its bar says how far.
    const isTime = one.text !== "" && one.total >= 1_000;
    const count = one.total > 0 && !isTime ? `${one.done} of ${one.total}  ` : "";
    const name = cleanText(one.stage).padEnd(10);
    const rest = stateWords[one.state] ?? `${bar}  ${count}${inColumns(one.text)}`;
    lines.push(`${name} ${rest}`.trimEnd());
    if (one.detail !== undefined) lines.push(`${" ".repeat(11)}${inColumns(one.detail)}`.trimEnd());
  }
  return lines;
}
