import type { StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { LacksFeature, NothingThere } from "../wire/fault.ts";
import { type PrometheusContext, queryPrometheus } from "../wire/prometheus-session.ts";
import { recordsIn, textIn } from "../wire/shape.ts";

type Declared = ServiceOf<"prometheus">["uptime"][number];

/** Steps in which the beginning of a history is looked for. */
const stepsMax = 1_000;

interface Asked {
  /** Value of each series by its instance, or by its labels where it has none. */
  readonly values: readonly (readonly [instance: string, value: number])[];
  readonly reproduce: readonly string[];
}

async function ask(context: PrometheusContext, query: string): Promise<Asked> {
  const answer = await queryPrometheus(context, query);
  const values = recordsIn(answer.json, "data.result").map(
    (one) =>
      [
        textIn(one, "metric.instance") || JSON.stringify(one["metric"]),
        Number(textIn(one, "value.1")),
      ] as const,
  );
  return { values, reproduce: answer.curl };
}

const least = ({ values }: Asked): number =>
  values.reduce((low, [, value]) => Math.min(low, value), Number.POSITIVE_INFINITY);

/** How long each process has run, by its own start and not by how long somebody saw it. */
async function ran(
  context: PrometheusContext,
  { of, seconds }: Declared,
): Promise<[StackSeen, number]> {
  const asked = await ask(context, `time() - ${of}`);
  const youngest = least(asked);
  const ok = asked.values.length > 0 && youngest >= seconds;
  const seen =
    asked.values.length === 0
      ? `${of} has no sample of the last minutes.`
      : `${asked.values.length} processes have run for ${Math.floor(youngest)} s or longer.`;
  return [{ ok, seen, part: of, reproduce: asked.reproduce }, youngest];
}

/** How long each series has been stored; a sentence where the version knows no subquery (2.7). */
async function beginning(
  context: PrometheusContext,
  { of, windowSeconds }: Declared,
  step: number,
): Promise<Asked | string> {
  const first = `min_over_time(timestamp(${of})[${windowSeconds}s:${step}s])`;
  try {
    return await ask(context, `time() - ${first}`);
  } catch (error) {
    if (!(error instanceof LacksFeature)) throw error;
    return `For how long it has known ${of} nobody can ask: ${error.message}`;
  }
}

/** Restarts in the window; a sentence where its history is too short to have them all. */
async function restarted(
  context: PrometheusContext,
  one: Declared,
  youngest: number,
): Promise<StackSeen | string> {
  const { of, windowSeconds, restartsMax } = one;
  const asked = await ask(context, `changes(${of}[${windowSeconds}s])`);
  const over = asked.values.filter(([, count]) => !(count <= restartsMax));
  if (over.length === 0 && youngest < windowSeconds) {
    const step = Math.ceil(windowSeconds / stepsMax);
    const begun = await beginning(context, one, step);
    if (typeof begun === "string") return begun;
    // A series first stored after the last step has no beginning among them.
    const known = begun.values.length < asked.values.length ? 0 : least(begun);
    // One step is missed at the beginning, a lookback of five minutes at most.
    if (known < windowSeconds - Math.max(step, Math.min(300, windowSeconds / 10)))
      return `It knows ${of} for ${Math.floor(known)} s: restarts of the ${windowSeconds} s are not all told.`;
  }
  const named = over.slice(0, 10).map(([instance, count]) => `${instance} ${count} times`);
  const seen =
    over.length === 0
      ? `No process was restarted more than ${restartsMax} times in ${windowSeconds} s.`
      : `In ${windowSeconds} s were restarted: ${named.join(", ")}.`;
  const ok = asked.values.length > 0 && over.length === 0;
  return { ok, seen, part: `restarts of ${of}`, reproduce: asked.reproduce };
}

/** Uptime and restarts of the processes whose start metric is declared. */
export const uptimeProbe: StackProbe<ServiceOf<"prometheus">> = {
  kind: "prometheus",
  check: "uptime",
  summary: "processes run for as long as declared",
  needs: ["answers"],
  checklist: ["R4-06"],
  severity: "medium",
  claim: ({ uptime }) =>
    uptime.length === 0
      ? null
      : {
          statement:
            "each process of a declared start metric has run for its time, with no more restarts than declared",
          category: "Monitoring & Observability",
          rationale: "A service that restarts every hour is up whenever somebody looks.",
          parts: uptime.flatMap(({ of }) => [of, `restarts of ${of}`]),
        },
  saboteur: [
    {
      when: "GET /api/v1/query?query=time()%20-%20process_start_time_seconds",
      reply:
        '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"api","instance":"a:1"},"value":[1,"61.5"]}]}}',
    },
  ],
  async run(context) {
    const all: StackSeen[] = [];
    const untold: string[] = [];
    for (const one of context.service.uptime) {
      const [seen, youngest] = await ran(context, one);
      all.push(seen);
      // Of what is not there no restart is told either.
      const told = Number.isFinite(youngest)
        ? await restarted(context, one, youngest)
        : { ...seen, part: `restarts of ${one.of}` };
      if (typeof told === "string") untold.push(told);
      else all.push(told);
    }
    if (untold.length > 0 && all.every(({ ok }) => ok)) throw new NothingThere(untold.join(" "));
    return all;
  },
};
