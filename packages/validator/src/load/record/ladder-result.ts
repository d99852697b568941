import { createHistogram } from "@loadline/kit/histogram";
import type { LadderScenario } from "../scenario-types.ts";
import type { PhaseCounts } from "./phases.ts";
import { toMs } from "./ranks.ts";

/** What one number of users came to, over all rounds. */
export interface LadderSize {
  readonly users: number;
  /** Ok per second of counted time; the rounds' own beside it. */
  readonly okPerSecond: number;
  readonly rounds: readonly number[];
  readonly due: number;
  readonly ok: number;
  /** Null without an ok answer. */
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
  /** Throughput by that of one user, or of the fewest users by their number. */
  readonly speedUp: number | null;
}

/** Universal scalability law, fitted; derived from the sizes, never a proof. */
export interface LadderFit {
  readonly provenance: "derived";
  /** Throughput of one user, contention and crosstalk. */
  readonly lambda: number;
  readonly sigma: number;
  readonly kappa: number;
  /** Fewest and most users that were measured: what the law says beyond them is extrapolated. */
  readonly measuredUsers: readonly [number, number];
  /** Users of the highest throughput, null when the fit has none up to twice the largest size. */
  readonly peakUsers: number | null;
  /** `[users, ok per second]` up to twice the largest size. */
  readonly curve: readonly (readonly [number, number])[];
}

export interface LadderResult {
  readonly sizes: readonly LadderSize[];
  /** Users after which more bring < 5 % throughput and > 25 % median; null when there are none. */
  readonly knee: number | null;
  /** Null below five sizes, or where no law fits. */
  readonly fit: LadderFit | null;
}

const kneeGain = 1.05;
const kneeMedian = 1.25;
const fitSizesMin = 5;

/** Throughput, speed-up, knee and fit of a ladder from the counts of its phases. */
export function ladderResult(
  scenario: LadderScenario,
  phases: readonly PhaseCounts[],
): LadderResult {
  const { users, holdMs } = scenario;
  const countedS = (holdMs - (scenario.settleMs ?? holdMs / 10)) / 1000;
  const order = users.map((_, at) => at).toSorted((a, b) => (users[a] ?? 0) - (users[b] ?? 0));
  const sizes = order.map((at) => {
    const own = phases.filter((_, phase) => phase % users.length === at);
    return sizeOf(users[at] ?? 0, own, countedS);
  });
  const base = sizes[0];
  const perUser = base === undefined ? 0 : base.okPerSecond / base.users;
  const withSpeedUp = sizes.map((size) => {
    return { ...size, speedUp: perUser > 0 ? size.okPerSecond / perUser : null };
  });
  return { sizes: withSpeedUp, knee: kneeOf(sizes), fit: fitOf(sizes) };
}

function sizeOf(users: number, phases: readonly PhaseCounts[], countedS: number): LadderSize {
  const response = createHistogram();
  for (const phase of phases) response.add(phase.response);
  const rounds = phases.map(({ ok }) => ok / countedS);
  const at = (q: number): number | null =>
    response.count === 0 ? null : toMs(response.quantileUs(q));
  return {
    users,
    okPerSecond: rounds.reduce((sum, one) => sum + one, 0) / Math.max(1, rounds.length),
    rounds,
    due: phases.reduce((sum, { due }) => sum + due, 0),
    ok: phases.reduce((sum, { ok }) => sum + ok, 0),
    medianMs: at(0.5),
    p95Ms: at(0.95),
    speedUp: null,
  };
}

function kneeOf(sizes: readonly LadderSize[]): number | null {
  for (const [i, size] of sizes.entries()) {
    const next = sizes[i + 1];
    if (next === undefined || size.medianMs === null || next.medianMs === null) continue;
    const gains = next.okPerSecond >= size.okPerSecond * kneeGain;
    if (!gains && next.medianMs > size.medianMs * kneeMedian) return size.users;
  }
  return null;
}

/** Least squares of users / throughput = a + b (users - 1) + c users (users - 1), b and c >= 0. */
function fitOf(sizes: readonly LadderSize[]): LadderFit | null {
  const used = sizes.filter(({ okPerSecond }) => okPerSecond > 0);
  if (used.length < fitSizesMin) return null;
  const rows = used.map(({ users, okPerSecond }) => {
    return { x: [1, users - 1, users * (users - 1)], y: users / okPerSecond };
  });
  const solved = leastSquares(rows, [0, 1, 2]);
  if (solved === null) return null;
  const [a = 0, b = 0, c = 0] = solved;
  if (!(a > 0)) return null;
  const [lambda, sigma, kappa] = [1 / a, b / a, c / a];
  const measured = used.map(({ users }) => users);
  const most = Math.max(...measured);
  const last = 2 * most;
  const at = (n: number): number => (lambda * n) / (1 + sigma * (n - 1) + kappa * n * (n - 1));
  const peak = kappa > 0 ? Math.sqrt(Math.max(0, 1 - sigma) / kappa) : Number.POSITIVE_INFINITY;
  const steps = 20;
  const curve = Array.from({ length: steps }, (_, i) => {
    const n = Math.max(1, Math.round((last * (i + 1)) / steps));
    return [n, at(n)] as const;
  });
  return {
    provenance: "derived",
    lambda,
    sigma,
    kappa,
    measuredUsers: [Math.min(...measured), most],
    peakUsers: peak <= last ? Math.max(1, Math.round(peak)) : null,
    curve,
  };
}

interface Row {
  readonly x: readonly number[];
  readonly y: number;
}

/** Coefficients of the columns; one below 0 is held at 0 and the others are found again. */
function leastSquares(rows: readonly Row[], columns: readonly number[]): number[] | null {
  const sum = (of: (row: Row) => number): number => rows.reduce((all, row) => all + of(row), 0);
  const matrix = columns.map((i) => [
    ...columns.map((j) => sum(({ x }) => (x[i] ?? 0) * (x[j] ?? 0))),
    sum(({ x, y }) => (x[i] ?? 0) * y),
  ]);
  const solved = solve(matrix);
  if (solved === null) return null;
  const worst = columns.find((column, at) => column > 0 && (solved[at] ?? 0) < 0);
  if (worst !== undefined) {
    return leastSquares(
      rows,
      columns.filter((column) => column !== worst),
    );
  }
  const all = [0, 0, 0];
  columns.forEach((column, at) => (all[column] = solved[at] ?? 0));
  return all;
}

/** Gauss with pivoting; null when the unknowns are not determined. */
function solve(rows: number[][]): number[] | null {
  const n = rows.length;
  const m = rows.map((row) => [...row]);
  for (let i = 0; i < n; i++) {
    const order = m.slice(i).toSorted((a, b) => Math.abs(b[i] ?? 0) - Math.abs(a[i] ?? 0));
    m.splice(i, n - i, ...order);
    const pivot = m[i];
    const lead = pivot?.[i] ?? 0;
    if (pivot === undefined || Math.abs(lead) < 1e-12) return null;
    for (const [r, row] of m.entries()) {
      if (r === i) continue;
      const factor = (row[i] ?? 0) / lead;
      m[r] = row.map((value, j) => value - factor * (pivot[j] ?? 0));
    }
  }
  return m.map((row, i) => (row[n] ?? 0) / (row[i] ?? 1));
}
