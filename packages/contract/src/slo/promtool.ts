import { burnAlerts, firstAlertMs } from "./burn-rate.ts";
import { expressionsOf } from "./expression.ts";
import {
  type ExampleSeries,
  exampleBeside,
  exampleSeries,
  seriesText,
  takes,
} from "./example-series.ts";
import { hourMs, minuteMs, type Slo } from "./model.ts";
import { alertNames, shareRecord } from "./prometheus.ts";

/** Minutes without errors before each fault. */
const historyMinutes = (6 * hourMs) / minuteMs;
/** A fault whose alert comes later than this is left out. */
const faultMinutesMax = 480;
const perMinute = 10_000;

interface Check {
  readonly minute: number;
  readonly expr: string;
  readonly value: number;
}

interface Unit {
  readonly title: string;
  readonly series: Readonly<Record<string, string>>;
  readonly checks: readonly Check[];
}

/** How many good and bad events a minute has, in order: `[minutes, good, bad]`. */
type Phases = readonly (readonly [minutes: number, good: number, bad: number])[];

/** The series of an SLI, each with what it counts. */
type Sources = readonly {
  readonly series: ExampleSeries;
  readonly counts: "all" | "good" | "bad";
}[];

/**
 * Tests of the rules of one SLO, for `promtool test rules`: around each detection time, after a
 * restart, without traffic, without data, at the first error. None where its series cannot be made up.
 */
export function promtoolTests(
  slo: Slo,
  rulesFile: string,
): Readonly<Record<string, unknown>> | null {
  const sources = sourcesOf(slo);
  if (sources === null) return null;
  const units = [
    ...faultUnits(slo, sources),
    restartUnit(slo, sources),
    silentUnit(slo, sources),
    absentUnit(slo),
    ...firstErrorUnits(slo, sources),
  ];
  return {
    rule_files: [rulesFile],
    evaluation_interval: "1m",
    tests: units.map(({ title, series, checks }) => ({
      name: `${slo.id}: ${title}`,
      interval: "1m",
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      promql_expr_test: checks.map(({ minute, expr, value }) => ({
        expr,
        eval_time: `${minute}m`,
        exp_samples: [{ labels: "{}", value }],
      })),
    })),
  };
}

/** The series that an SLI of events reads; null for other SLIs and for series that cannot be made up. */
function sourcesOf({ sli, method }: Slo): Sources | null {
  if (method.kind !== "occurrences") return null;
  if (sli.kind === "latency") return histogramSources(sli.histogram, sli.underMs);
  if (sli.kind !== "ratio" || sli.total === undefined) return null;
  const part = sli.bad ?? sli.good;
  if (part === undefined) return null;
  const counts = sli.bad === undefined ? "good" : "bad";
  const series = exampleSeries(part);
  const beside = exampleBeside(sli.total, part);
  if (series === null || beside === null) return null;
  // A part that belongs to the whole is one of two series of it; else it is a counter of its own.
  const rest = takes(sli.total, series) ? (counts === "bad" ? "good" : "bad") : "all";
  return [
    { series: beside, counts: rest },
    { series, counts },
  ];
}

function histogramSources(histogram: string | undefined, underMs: number): Sources | null {
  const base = histogram === undefined ? null : exampleSeries(histogram);
  if (base === null) return null;
  const le = String(Number((underMs / 1000).toPrecision(12)));
  return [
    { series: { ...base, name: `${base.name}_count` }, counts: "all" },
    {
      series: { name: `${base.name}_bucket`, labels: new Map(base.labels).set("le", le) },
      counts: "good",
    },
  ];
}

/** The values of each series over the phases, in the notation of promtool. */
function valuesOf(sources: Sources, phases: Phases): Record<string, string> {
  const entries = sources.map(({ series, counts }): [string, string] => {
    let at = 0;
    const parts = phases.map(([minutes, good, bad]) => {
      const step = counts === "all" ? good + bad : counts === "good" ? good : bad;
      const part = `${at}+${step}x${minutes - 1}`;
      at += step * minutes;
      return part;
    });
    return [seriesText(series), parts.join(" ")];
  });
  return Object.fromEntries(entries);
}

const firing = (slo: Slo, alert: string): string =>
  `count(ALERTS{alertname="${alert}",alertstate="firing",sloth_id="${slo.id}"}) or vector(0)`;

const phase = (minutes: number, errorShare: number): Phases[number] => {
  const bad = Math.round(perMinute * errorShare);
  return [minutes, perMinute - bad, bad];
};

/** Error shares that are tried: all of it, and such as only slower pairs see. */
function sharesOf({ objective }: Slo): readonly number[] {
  const budget = 1 - objective;
  const shares = [1, 20 * budget, 10 * budget, 4 * budget].filter(
    (one) => one <= 1 && perMinute * one >= 1,
  );
  return [...new Set(shares.map((one) => Math.round(one * perMinute) / perMinute))];
}

function faultUnits(slo: Slo, sources: Sources): Unit[] {
  const alerts = burnAlerts(slo, slo.alerts.mode);
  return sharesOf(slo).flatMap((errorShare) => {
    const fault = { errorShare, historyMs: historyMinutes * minuteMs };
    const checks = (["page", "ticket"] as const).flatMap((severity) => {
      if (!alerts.some((one) => one.severity === severity)) return [];
      const expr = firing(slo, severity === "page" ? alertNames.burn : alertNames.ticket);
      return around(firstAlertMs(alerts, severity, fault), expr);
    });
    if (checks.length === 0) return [];
    const end = Math.max(...checks.map(({ minute }) => minute)) + 1;
    const phases = [phase(historyMinutes, 0), phase(end - historyMinutes, errorShare)];
    const title = `${Number((errorShare * 100).toPrecision(4))} % of events fail after six hours`;
    return [{ title, series: valuesOf(sources, phases), checks }];
  });
}

/** Silent before the detection time and firing after it; silent all along where there is none. */
function around(detection: number | null, expr: string): Check[] {
  const begin = historyMinutes;
  if (detection === null) return [{ minute: begin + 60, expr, value: 0 }];
  const minutes = detection / minuteMs;
  if (minutes > faultMinutesMax) return [{ minute: begin + faultMinutesMax, expr, value: 0 }];
  const before = Math.floor(minutes * 0.95 - 1);
  const after = { minute: begin + Math.ceil(minutes * 1.02 + 1), expr, value: 1 };
  return before < 0 ? [after] : [{ minute: begin + before, expr, value: 0 }, after];
}

/** A restart sets counters back to 0; that is no error. */
function restartUnit(slo: Slo, sources: Sources): Unit {
  const first = valuesOf(sources, [phase(90, 0)]);
  const series = Object.fromEntries(
    Object.entries(first).map(([name, values]) => [name, `${values} ${values}`]),
  );
  const checks = [alertNames.burn, alertNames.ticket].flatMap((alert) =>
    [91, 100, 150].map((minute) => ({ minute, expr: firing(slo, alert), value: 0 })),
  );
  return { title: "a restart without errors", series, checks };
}

const shareCount = (slo: Slo): string =>
  `count(${shareRecord("1h")}{sloth_id="${slo.id}"}) or vector(0)`;

function silentUnit(slo: Slo, sources: Sources): Unit {
  return {
    title: "no traffic gives no share and no alert",
    series: valuesOf(sources, [[90, 0, 0]]),
    checks: [
      { minute: 80, expr: shareCount(slo), value: 0 },
      { minute: 80, expr: firing(slo, alertNames.burn), value: 0 },
      { minute: 80, expr: firing(slo, alertNames.noData), value: 0 },
    ],
  };
}

function absentUnit(slo: Slo): Unit {
  const expr = firing(slo, alertNames.noData);
  return {
    title: "series that are not there are told after 15 minutes",
    series: { up: "1x40" },
    checks: [
      { minute: 13, expr, value: 0 },
      { minute: 17, expr, value: 1 },
    ],
  };
}

/** The first errors of a series that began with 0 are seen; of one that was not there they are not. */
function firstErrorUnits(slo: Slo, sources: Sources): Unit[] {
  const bad = sources.find(({ counts }) => counts === "bad");
  if (bad === undefined || expressionsOf(slo) === null) return [];
  const name = seriesText(bad.series);
  const rest = valuesOf(sources, [phase(60, 0)]);
  const expr = `(max without (sloth_window) (${shareRecord("1h")}{sloth_id="${slo.id}"}) > bool 0) * 1`;
  const check = (value: number): Check => ({ minute: 40, expr: `sum(${expr})`, value });
  const unit = (title: string, values: string, value: number): Unit => ({
    title,
    series: { ...rest, [name]: values },
    checks: [check(value)],
  });
  return [
    unit("the first error of a series with a zero sample is seen", "0x29 5x30", 1),
    unit("the first error of an unborn series is missed", "_x29 5x30", 0),
  ];
}
