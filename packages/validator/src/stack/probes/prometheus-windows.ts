import { formatRatio } from "@loadline/contract";
import type { StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf, StackService } from "../services/index.ts";
import { WireFault } from "../wire/fault.ts";
import {
  askPrometheus,
  type PrometheusContext,
  queryPrometheus,
} from "../wire/prometheus-session.ts";
import { recordsIn, textIn, valueIn } from "../wire/shape.ts";

type Window = ServiceOf<"prometheus">["windows"][number];

/** Increases are extrapolated to the edges of a window; good may come out over total by this much. */
const edgeShareMax = 0.001;

/** The one value of a query; null where it gives none. */
async function valueOf(
  context: PrometheusContext,
  query: string,
  at: string,
): Promise<number | null> {
  const answer = await queryPrometheus(context, query, at);
  const [first] = recordsIn(answer.json, "data.result");
  const text = first === undefined ? "" : textIn(first, "value.1");
  const value = text === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** The time as Prometheus has it, s: its clock and ours may differ. */
async function timeThere(context: PrometheusContext): Promise<number> {
  const answer = await queryPrometheus(context, "time()");
  const seconds = Number(textIn(answer.json, "data.result.1"));
  if (Number.isFinite(seconds) && seconds > 0) return Math.floor(seconds);
  throw new WireFault("protocol", "time() gave no time", answer.text);
}

interface Presence {
  readonly present: number;
  readonly expected: number;
  readonly curl: readonly string[];
}

/** Of the samples expected in the window those in which both counters have one. */
async function presenceOf(context: PrometheusContext, w: Window, endS: number): Promise<Presence> {
  const step = w.sampleSeconds;
  const expected = Math.floor(w.seconds / step);
  const each = (selector: string): string => `count(count_over_time(${selector}[${step}s]))`;
  const query = encodeURIComponent(`${each(w.total)} and ${each(w.good)}`);
  const startS = endS - (expected - 1) * step;
  const answer = await askPrometheus(
    context,
    `/api/v1/query_range?query=${query}&start=${startS}&end=${endS}&step=${step}`,
  );
  const values = valueIn(recordsIn(answer.json, "data.result")[0], "values");
  const present = Array.isArray(values) ? values.length : 0;
  return { present: Math.min(present, expected), expected, curl: answer.curl };
}

async function readWindow(context: PrometheusContext, w: Window): Promise<StackSeen[]> {
  const endS = await timeThere(context);
  const at = `&time=${endS}`;
  const over = (selector: string): string => `sum(increase(${selector}[${w.seconds}s]))`;
  const all = await valueOf(context, over(w.total), at);
  const well = await valueOf(context, over(w.good), at);
  // A counter that is not there has no number: nothing is known of the events of the other.
  const [read, total] = all === null || well === null ? [0, 0] : [well, all];
  const { present, expected, curl } = await presenceOf(context, w, endS);
  const good = read > total && read <= total * (1 + edgeShareMax) ? total : read;
  const share = total > 0 ? formatRatio(good / total) : "none";
  return [
    {
      ok: total > 0 && good / total >= w.objective,
      seen: `${share} of ${total.toFixed(0)} events were good in ${w.seconds} s; ${present} of ${expected} samples are there.`,
      window: { good, total, present, expected, windowMs: w.seconds * 1_000 },
      reproduce: curl,
    },
  ];
}

function windowProbe(w: Window): StackProbe<ServiceOf<"prometheus">> {
  return {
    check: `window.${w.name}`,
    kind: "prometheus",
    summary: `stored share of ${w.name}`,
    needs: ["answers"],
    checklist: [],
    severity: "high",
    claim: () => ({
      kind: "window_slo",
      target: w.objective,
      statement: `${w.name}: at least ${formatRatio(w.objective)} good events in the ${w.seconds} s it has stored`,
      category: "Monitoring & Observability",
      rationale: "What was measured all the time says more than one run.",
    }),
    saboteur: [
      {
        when: `GET /api/v1/query?query=${encodeURIComponent(`sum(increase(${w.good}`)}`,
        reply: '{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"0"]}]}}',
      },
    ],
    run: (context) => readWindow(context, w),
  };
}

/** A check for each window that a service declares; none for what stores no windows. */
export function windowProbes(service: StackService): readonly StackProbe[] {
  return service.kind === "prometheus" ? service.windows.map(windowProbe) : [];
}
