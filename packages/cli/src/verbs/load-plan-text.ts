import { formatNumber } from "@loadline/contract";
import {
  type BoundJob,
  jobMinutes,
  loadRunPlan,
  type LoadPlanRow,
  peakOf,
} from "@loadline/validator";
import { isRecord } from "@loadline/kit/json";
import { cleanText, clip } from "../terminal/clean-text.ts";

/** What `load --dry-run` prints: samples, minutes, the height of the load and what cannot be proven. */
export function loadPlanText(bound: BoundJob, rows: readonly LoadPlanRow[], json: boolean): string {
  const minutes = Math.round(jobMinutes(bound.job) * 10) / 10;
  const peak = peakOf(bound.load);
  const open = rows.filter((row) => row.required && !row.provable);
  if (json) {
    // As the plan of the run keeps them: what fills a header is told to nobody.
    const { load } = loadRunPlan(bound).stages;
    const scenarios = isRecord(load) ? load["scenarios"] : {};
    const exit = open.length > 0 ? 2 : 0;
    return `${JSON.stringify({ profile: bound.job.profile, minutes, peak, scenarios, rows, notes: bound.notes, exit }, null, 2)}\n`;
  }
  const verdict =
    open.length === 0
      ? "every required claim can be proven"
      : `${open.length} required cannot be proven`;
  return [
    `load ${bound.job.profile} for ${cleanText(bound.job.name)}`,
    `${"  claim".padEnd(39)}${"kind".padEnd(11)}${"n".padStart(8)}  needed with 0 / 1 / 2 bad`,
    ...rows.map(rowText),
    ...bound.notes.map((note) => `  note ${cleanText(note)}`),
    `${rows.length} claims, ${minutes} min${peakText(peak)}; ${verdict}`,
    "",
  ].join("\n");
}

/** What the target gets at its busiest moment; nothing where nobody can say. */
function peakText({ users, perSecond }: ReturnType<typeof peakOf>): string {
  const parts = [
    ...(users > 0 ? [`${formatNumber(users)} users`] : []),
    ...(perSecond > 0 ? [`${formatNumber(perSecond)}/s`] : []),
  ];
  return parts.length === 0 ? "" : `, at most ${parts.join(" and ")}`;
}

function rowText(row: LoadPlanRow): string {
  const count = (n: number | null): string => (n === null ? "-" : formatNumber(n));
  const needed = row.needed.map(count).join(" / ");
  const mark = row.provable ? "+" : "o";
  const left = `${mark} ${clip(cleanText(row.claim), 36).padEnd(37)}${row.kind.padEnd(11)}`;
  return `${left}${count(row.planned).padStart(8)}  ${needed.padEnd(18)}${row.problem}`.trimEnd();
}
