import { type BurnAlert, burnAlerts } from "./burn-rate.ts";
import { percentText } from "./claims.ts";
import { type Expressions, expressionsOf, idMatchers, sliceRecord } from "./expression.ts";
import { dayMs, type EscalationLevel, minuteMs, type Slo, type StaticAlert } from "./model.ts";
import { spanText } from "./write-document.ts";

/** One rule as Prometheus reads it. */
export interface PrometheusRule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface PrometheusGroup {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly PrometheusRule[];
}

/** Windows that every share is recorded for. */
export const recordedWindows = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"] as const;
const recorded: ReadonlySet<string> = new Set(recordedWindows);
const noDataMs = 15 * minuteMs;

/** Names of the alerts; which SLO fires is in the labels. */
export const alertNames = {
  burn: "LoadlineSloBurn",
  ticket: "LoadlineSloTicket",
  escalation: "LoadlineSloEscalation",
  static: "LoadlineSloStatic",
  noData: "LoadlineSloNoData",
  loss: "LoadlineSloLoss",
} as const;

/** The labels that tell one SLO from another on every series of it. */
export function sloLabels({ id, service }: Pick<Slo, "id" | "service">): Record<string, string> {
  const own = id.startsWith(`${service}.`) ? id.slice(service.length + 1) : id;
  return { sloth_id: id, sloth_service: service, sloth_slo: own };
}

/** The rule groups of one SLO; none where it names no series. */
export function ruleGroupsOf(slo: Slo): readonly PrometheusGroup[] {
  if (slo.sli.kind === "loss")
    return slo.sli.lost === undefined ? [] : [lossGroup(slo, slo.sli.lost)];
  const expressions = expressionsOf(slo);
  if (expressions === null) return [];
  const alerts = [
    ...burnRules(slo, expressions),
    ...slo.alerts.static.map((one) => staticRule(slo, expressions, one)),
    noDataRule(slo, expressions),
  ];
  return [
    { name: `slo-sli-${slo.id}`, rules: sliRules(slo, expressions) },
    { name: `slo-meta-${slo.id}`, rules: metaRules(slo) },
    { name: `slo-period-${slo.id}`, interval: "5m", rules: periodRules(slo, expressions) },
    { name: `slo-alerts-${slo.id}`, rules: alerts },
  ];
}

/** Name of the recorded share of a window. */
export const shareRecord = (window: string): string => `slo:sli_error:ratio_rate${window}`;

function sliRules(slo: Slo, { errorShare, slice }: Expressions): PrometheusRule[] {
  const labels = sloLabels(slo);
  const extra = slo.alerts.static
    .map(({ overMs }) => spanText(overMs))
    .filter((window) => !recorded.has(window));
  const windows = [...new Set([...recordedWindows, ...extra])];
  const rows = windows.map((window) => ({
    record: shareRecord(window),
    expr: errorShare(window),
    labels: { ...labels, sloth_window: window },
  }));
  return slice === null ? rows : [{ record: sliceRecord, expr: slice, labels }, ...rows];
}

function metaRules(slo: Slo): PrometheusRule[] {
  const labels = sloLabels(slo);
  const budget = Number((1 - slo.objective).toPrecision(12));
  const rule = (record: string, expr: string): PrometheusRule => ({ record, expr, labels });
  const burn = (window: string): string =>
    `max without (sloth_window) (${shareRecord(window)}{${idMatchers(slo)}}) / ${budget}`;
  return [
    rule("slo:objective:ratio", `vector(${slo.objective})`),
    rule("slo:error_budget:ratio", `vector(${budget})`),
    rule("slo:time_period:days", `vector(${slo.windowMs / dayMs})`),
    rule("slo:current_burn_rate:ratio", burn("5m")),
    rule("slo:burn_rate_6h:ratio", burn("6h")),
  ];
}

/** Over the whole period; looked at less often, since it reads all of it. */
function periodRules(slo: Slo, { errorShare }: Expressions): PrometheusRule[] {
  const labels = sloLabels(slo);
  const budget = Number((1 - slo.objective).toPrecision(12));
  const period = `slo:period_burn_rate:ratio{${idMatchers(slo)}}`;
  return [
    {
      record: "slo:period_burn_rate:ratio",
      expr: `(${errorShare(spanText(slo.windowMs))}) / ${budget}`,
      labels,
    },
    { record: "slo:period_error_budget_remaining:ratio", expr: `1 - ${period}`, labels },
  ];
}

const limitText = (share: number): string => String(Number(share.toPrecision(6)));

/** Both windows are above the threshold; the label that tells them apart is taken away. */
function pairExpression(slo: Slo, { events }: Expressions, alert: BurnAlert): string {
  const over = (ms: number): string =>
    `max without (sloth_window) (${shareRecord(spanText(ms))}{${idMatchers(slo)}} > ${limitText(alert.threshold)})`;
  const both = `${over(alert.longMs)} and ${over(alert.shortMs)}`;
  if (alert.severity === "ticket" || events === null) return `(${both})`;
  return `(${both} and on () (${events(spanText(alert.longMs))} >= ${slo.traffic.minEvents}))`;
}

function burnRules(slo: Slo, expressions: Expressions): PrometheusRule[] {
  const alerts = burnAlerts(slo, slo.alerts.mode);
  const of = (severity: BurnAlert["severity"]): string =>
    alerts
      .filter((alert) => alert.severity === severity)
      .map((alert) => pairExpression(slo, expressions, alert))
      .join(" or ");
  const [page, ticket] = [of("page"), of("ticket")];
  const summary = `{{ $value | humanizePercentage }} of the events of ${slo.id} are bad; ${percentText(slo.objective)} good ones are promised.`;
  const rule = (alert: string, expr: string, labels: Record<string, string>): PrometheusRule =>
    alertRule(slo, { alert, expr, labels, summary });
  return [
    ...(page === ""
      ? []
      : [
          rule(alertNames.burn, page, { severity: "page" }),
          ...slo.escalation.map((level, index) => escalationRule(slo, level, index + 1)),
        ]),
    ...(ticket === "" ? [] : [rule(alertNames.ticket, ticket, { severity: "ticket" })]),
  ];
}

/** A page that lasts is told to the next level; it follows the alert, not its expression again. */
function escalationRule(slo: Slo, { afterMs }: EscalationLevel, level: number): PrometheusRule {
  const page = `ALERTS{alertname="${alertNames.burn}",alertstate="firing",${idMatchers(slo)}}`;
  const span = spanText(afterMs);
  const rule = alertRule(slo, {
    alert: alertNames.escalation,
    expr: `max without (alertname, alertstate) (${page})`,
    labels: { severity: "page", level: String(level) },
    summary: `The page of ${slo.id} has lasted ${span}: level ${level}.`,
  });
  return { ...rule, for: span };
}

function alertRule(
  slo: Slo,
  o: {
    readonly alert: string;
    readonly expr: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly summary: string;
  },
): PrometheusRule {
  const annotations = {
    summary: o.summary,
    ...(slo.runbook !== undefined && { runbook_url: slo.runbook }),
  };
  return { alert: o.alert, expr: o.expr, labels: { ...slo.labels, ...o.labels }, annotations };
}

function staticRule(slo: Slo, { events }: Expressions, alert: StaticAlert): PrometheusRule {
  const window = spanText(alert.overMs);
  const share = `max without (sloth_window) (${shareRecord(window)}{${idMatchers(slo)}} > ${limitText(alert.above)})`;
  const isGuarded = alert.severity === "page" && events !== null;
  const guard = isGuarded ? ` and on () (${events(window)} >= ${slo.traffic.minEvents})` : "";
  const summary = `{{ $value | humanizePercentage }} of the events of ${slo.id} are bad in ${window}; at most ${percentText(alert.above)} may be.`;
  const labels = { severity: alert.severity, over: window };
  return alertRule(slo, { alert: alertNames.static, expr: `${share}${guard}`, labels, summary });
}

function noDataRule(slo: Slo, { presence }: Expressions): PrometheusRule {
  const rule = alertRule(slo, {
    alert: alertNames.noData,
    expr: `group(absent(${presence}))`,
    labels: { ...sloLabels(slo), severity: "ticket" },
    summary: `Nothing tells how ${slo.id} stands.`,
  });
  return { ...rule, for: spanText(noDataMs) };
}

/** One lost record is one too many: no window, no budget. */
function lossGroup(slo: Slo, lost: string): PrometheusGroup {
  const rule = alertRule(slo, {
    alert: alertNames.loss,
    expr: `sum(increase(${lost}[1h])) > 0`,
    labels: { ...sloLabels(slo), severity: "page" },
    summary: `{{ $value | humanize }} acknowledged records of ${slo.service} are gone.`,
  });
  return { name: `slo-alerts-${slo.id}`, rules: [rule] };
}
