import { formatDuration, formatNumber } from "@loadline/contract";
import type { LiveFrame } from "@loadline/validator";
import type { CliHost } from "../process/host.ts";
import { clip } from "./clean-text.ts";

export interface LoadView {
  frame(frame: LiveFrame): void;
  /** Leaves the last frame on the screen. */
  end(): void;
}

/** Off a terminal one line per this much time. */
const lineMs = 10_000;

/** Frames come at 2 Hz: on a terminal a block drawn over itself, elsewhere a line per 10 s. */
export function createLoadView(host: CliHost, title: string): LoadView {
  const redraws = host.stderr.isTty && host.env["TERM"] !== "dumb";
  return redraws ? blockView(host, title) : lineView(host);
}

function blockView(host: CliHost, title: string): LoadView {
  let linesDrawn = 0;
  return {
    frame(frame) {
      const lines = frameLines(title, frame);
      const up = linesDrawn > 0 ? `\u001b[${linesDrawn}A` : "";
      const width = Math.max(20, host.stderr.columns - 1);
      host.stderr.write(up + lines.map((line) => `\u001b[2K${clip(line, width)}\n`).join(""));
      linesDrawn = lines.length;
    },
    end: () => undefined,
  };
}

function lineView(host: CliHost): LoadView {
  let nextMs = 0;
  let last: LiveFrame | null = null;
  let said: LiveFrame | null = null;
  const say = (f: LiveFrame): void => {
    said = f;
    const at = new Date(host.clock.wallMs()).toISOString().slice(11, 19);
    const p99 = f.p99Ms === null ? "" : ` p99Ms=${Math.round(f.p99Ms)}`;
    const ttft = f.ttftP99Ms === null ? "" : ` ttftP99Ms=${Math.round(f.ttftP99Ms)}`;
    const breached = (f.guards ?? []).filter(({ holds }) => !holds);
    const names = breached.map(({ guard }) => shortGuard(guard)).join(",");
    const guards = names === "" ? "" : ` breached=${names}`;
    const left = ` leftS=${Math.round(f.leftMs / 1_000)}`;
    host.stderr.write(
      `${at}Z stage=load due=${f.due} ok=${f.ok} bad=${f.bad} inFlight=${f.inFlight}${p99}${ttft}${guards}${left}\n`,
    );
  };
  return {
    frame(frame) {
      last = frame;
      if (frame.elapsedMs < nextMs) return;
      nextMs = (Math.floor(frame.elapsedMs / lineMs) + 1) * lineMs;
      say(frame);
    },
    end() {
      if (last !== null && last !== said) say(last);
    },
  };
}

/** The block without any control sequence. */
export function frameLines(title: string, f: LiveFrame): string[] {
  const total = f.elapsedMs + f.leftMs;
  const share = total > 0 ? Math.min(1, f.elapsedMs / total) : 0;
  const filled = Math.round(share * 24);
  const bar = "#".repeat(filled).padEnd(24, ".");
  const phase = f.leftMs > 0 ? "sending" : f.inFlight > 0 ? "draining" : "done";
  const ms = (value: number | null): string => (value === null ? "-" : formatDuration(value));
  const left = f.leftMs > 0 ? `, left about ${seconds(f.leftMs)}` : "";
  return [
    `${title}    ${seconds(f.elapsedMs)}${left}`,
    `${phase.padEnd(9)} ${bar}  due ${formatNumber(f.due)}  ok ${formatNumber(f.ok)}  bad ${formatNumber(f.bad)}  in flight ${formatNumber(f.inFlight)}`,
    `response  p50 ${ms(f.p50Ms)}  p99 ${ms(f.p99Ms)}  max ${ms(f.maxMs)}   first token p99 ${ms(f.ttftP99Ms)}`,
    ...guardLines(f.guards ?? []),
  ];
}

const guardColumns = 78;

/** `pacer 0.30 ms/1.00 ms`, as many in a line as fit; a breach begins with x. */
function guardLines(guards: NonNullable<LiveFrame["guards"]>): string[] {
  const lines: string[] = [];
  let line = "";
  for (const { guard, holds, figure, limit } of guards) {
    const item = `${holds ? "" : "x "}${shortGuard(guard)} ${figure}/${limit}`;
    if (line !== "" && line.length + item.length + 3 > guardColumns) {
      lines.push(line);
      line = "";
    }
    line =
      line === ""
        ? `${lines.length === 0 ? "guards   " : "         "} ${item}`
        : `${line} | ${item}`;
  }
  return line === "" ? lines : [...lines, line];
}

/** `guard.load.pacer` as `pacer`. */
export function shortGuard(guard: string): string {
  return guard.replace(/^guard\.load\./, "");
}

const seconds = (ms: number): string => formatDuration(Math.round(ms / 1_000) * 1_000);
