import { failedModelRequests, modelRequests } from "./model-requests.ts";
import { type AlertRule, minuteMs, type RecordingRule, type RuleGroup } from "./rule.ts";
import { minEvents } from "./watched.ts";

const windows = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"] as const;
type Window = (typeof windows)[number];

const ids = {
  sloth_id: "loadline-availability",
  sloth_service: "loadline",
  sloth_slo: "availability",
};
const selector = Object.entries(ids)
  .map(([name, value]) => `${name}="${value}"`)
  .join(",");

function recorded(window: Window): RecordingRule {
  return {
    record: `slo:sli_error:ratio_rate${window}`,
    expr:
      `sum(rate(${failedModelRequests}[${window}])) / ` +
      `(sum(rate(${modelRequests}[${window}])) > 0)`,
    labels: { ...ids, sloth_window: window },
  };
}

/** Both windows burn `factor` times as fast as the budget of 30 days allows. */
function burns(long: Window, short: Window, factor: number, budget: number): string {
  const limit = Number((factor * budget).toPrecision(6));
  const one = (window: Window): string =>
    `max without (sloth_window) (slo:sli_error:ratio_rate${window}{${selector}} > ${limit})`;
  return `(${one(short)} and ${one(long)})`;
}

const remedy =
  "See loadline_requests_total by route and status, then loadline_upstream_attempts_total by " +
  "target and class: hold the breaker of one that fails open (POST /admin/v1/breakers/ID/override); " +
  "all of them at once point at the gateway's own network or a reload, which can be taken back.";

/**
 * Availability of model calls against `objective` (percent) over 30 days: a page where 2 % of the
 * budget burn in 1 h or 5 % in 6 h, a ticket where 10 % burn in 1 d or in 3 d. A page needs 100
 * calls in its hour; a ticket sees thin traffic, too.
 */
export function availabilityGroup(objective: number): RuleGroup {
  const budget = 1 - objective / 100;
  const enough = `and on () sum(increase(${modelRequests}[1h])) >= ${minEvents}`;
  const alert = (name: string, severity: AlertRule["severity"], expr: string): AlertRule => ({
    name,
    expr,
    holdMs: 0,
    severity,
    summary: `{{ $value | humanizePercentage }} of model calls fail; ${objective} % are promised.`,
    remedy,
  });
  return {
    name: "loadline-availability",
    recordings: windows.map(recorded),
    alerts: [
      alert(
        "SloBurn",
        "page",
        `(${burns("1h", "5m", 14.4, budget)} or ${burns("6h", "30m", 6, budget)}) ${enough}`,
      ),
      alert(
        "SloTicket",
        "ticket",
        `${burns("1d", "2h", 3, budget)} or ${burns("3d", "6h", 1, budget)}`,
      ),
      {
        name: "SloNoData",
        expr: `absent(${modelRequests})`,
        holdMs: 15 * minuteMs,
        severity: "ticket",
        summary: "Nothing tells how many model calls fail.",
        remedy: "Scrape /metrics of the gateway; if it is scraped, compare the rules' version.",
      },
    ],
  };
}
