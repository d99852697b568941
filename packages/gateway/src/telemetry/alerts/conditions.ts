import { type AlertRule, minuteMs, type RuleGroup } from "./rule.ts";

const dayS = 86_400;
const notAfter = "loadline_tls_certificate_not_after_seconds";

const certificateRemedy =
  "Renew the certificate and put the files in place; the gateway reads them again by itself. " +
  "loadline_tls_reloads_total tells whether it did.";

const pages: readonly AlertRule[] = [
  {
    name: "NoTarget",
    expr: "sum without (target) (loadline_target_ready * (loadline_breaker_state == bool 0)) == 0",
    holdMs: minuteMs,
    severity: "page",
    summary: "No target of {{ $labels.instance }} takes requests: model calls fail.",
    remedy:
      "See the targets in /health and loadline_upstream_attempts_total by class. Start the " +
      "upstreams again, or add one that answers and reload; then the breakers close by themselves.",
  },
  {
    name: "PoolEmpty",
    expr: "loadline_pool_ready == 0 and loadline_pool_min > 0",
    holdMs: 0,
    severity: "page",
    summary: "Nothing is warm behind route {{ $labels.route }}.",
    remedy:
      "Start one of the route's backup targets, or list another one under backup:. Until then a " +
      "failure of the primary is not hidden.",
  },
  {
    name: "InvariantBroken",
    expr:
      "sum without (stage) (increase(loadline_stage_skipped_total[10m])) > 0 or " +
      "increase(loadline_exit_violations_total[10m]) > 0",
    holdMs: 0,
    severity: "page",
    summary: "A request of {{ $labels.instance }} passed a stage by or ended twice.",
    remedy:
      "Take the version back to the one before and keep the log lines of the time: this is a " +
      "fault of the gateway itself, never of its configuration. Report it.",
  },
  {
    name: "CertExpiring",
    expr: `${notAfter} - time() < ${7 * dayS}`,
    holdMs: 0,
    severity: "page",
    summary: "The certificate ends in {{ $value | humanizeDuration }}.",
    remedy: certificateRemedy,
  },
];

const upstreams: readonly AlertRule[] = [
  {
    name: "BreakerOpen",
    expr: "loadline_breaker_state > 0",
    holdMs: 5 * minuteMs,
    severity: "ticket",
    summary: "The breaker of {{ $labels.target }} is not closed; others take its calls.",
    remedy:
      "See loadline_upstream_attempts_total of the target by class. connect, reset, timeout: it is " +
      "down or cannot be reached. server, overloaded: ask who runs it. It closes by itself once " +
      "trial calls succeed.",
  },
  {
    name: "UpstreamKeyOut",
    expr: 'loadline_upstream_keys{state="open"} > 0',
    holdMs: 0,
    severity: "ticket",
    summary: "{{ $value }} upstream keys of {{ $labels.target }} rest or are refused.",
    remedy:
      "attempts of class key: the provider refuses the credential, put a new one into its file. " +
      "Class rate_limited: it comes back by itself; more keys or a smaller share help.",
  },
  {
    name: "PoolLow",
    expr: "loadline_pool_ready < loadline_pool_min",
    holdMs: 2 * minuteMs,
    severity: "ticket",
    summary: "Only {{ $value }} targets are warm behind route {{ $labels.route }}.",
    remedy: "See which backup target in /health does not answer its probes, and start it again.",
  },
];

const inside: readonly AlertRule[] = [
  {
    name: "DependencyDown",
    expr: "loadline_dependency_state == 2",
    holdMs: 5 * minuteMs,
    severity: "ticket",
    summary: "{{ $labels.dependency }} does not answer {{ $labels.instance }}.",
    remedy: "The code in /health says why. Bring the service back; nothing else has to be done.",
  },
  {
    name: "LimitsLocal",
    expr: 'loadline_limit_mode{mode="degraded"} == 1',
    holdMs: 5 * minuteMs,
    severity: "ticket",
    summary: "Limits are kept by each process alone: Redis does not answer.",
    remedy:
      "Bring Redis back. Until then each replica admits 1 / stores.replicasMax of every limit.",
  },
  {
    name: "QueueDropping",
    expr: "increase(loadline_queue_dropped_total[10m]) > 0",
    holdMs: 0,
    severity: "ticket",
    summary: "The queue {{ $labels.queue }} was full and lost records.",
    remedy:
      "Its store is too slow or gone: see loadline_dependency_state and the store's own load. Of " +
      "logs: whoever reads the standard error of the gateway rests, or cannot keep up.",
  },
  {
    name: "BudgetLow",
    expr: "loadline_budget_remaining_ratio < 0.1",
    holdMs: 0,
    severity: "ticket",
    summary: "{{ $value | humanizePercentage }} are left of the budget {{ $labels.budget }}.",
    remedy: "Raise the limit, or tell its owner: calls are refused with 402 once it is used up.",
  },
  {
    name: "EventLoopBlocked",
    expr:
      'rate(loadline_event_loop_delay_seconds_bucket{le="0.1"}[1m]) < on (job, instance) ' +
      "(0.5 * rate(loadline_event_loop_delay_seconds_count[1m]))",
    holdMs: minuteMs,
    severity: "ticket",
    summary: "The event loop of {{ $labels.instance }} is late by more than 100 ms most times.",
    remedy: "The process has too little CPU: add workers or replicas, or raise its CPU share.",
  },
  {
    name: "WorkerRestarts",
    expr: "increase(loadline_worker_restarts_total[10m]) > 5",
    holdMs: 0,
    severity: "ticket",
    summary: "{{ $value | humanize }} workers ended unasked in 10 minutes.",
    remedy: "Their log lines name the signal or error; out of memory shows in the kernel's log.",
  },
  {
    name: "ConfigStale",
    expr: 'increase(loadline_config_reloads_total{outcome=~"invalid|restart_needed"}[15m]) > 0',
    holdMs: 0,
    severity: "ticket",
    summary: "{{ $labels.instance }} refused a new configuration and keeps the last good one.",
    remedy: "Run loadline config check on the file; what needs a restart is named in the log.",
  },
  {
    name: "ConfigSkew",
    expr: "count(count by (digest) (loadline_config_info)) > 1",
    holdMs: 30 * minuteMs,
    severity: "ticket",
    summary: "Replicas have run with {{ $value }} configurations for half an hour.",
    remedy: "Compare loadline_config_info by instance and reload the one that is behind.",
  },
  {
    name: "CertExpiring",
    expr: `${notAfter} - time() < ${30 * dayS}`,
    holdMs: 0,
    severity: "ticket",
    summary: "The certificate ends in {{ $value | humanizeDuration }}.",
    remedy: certificateRemedy,
  },
];

/** Conditions of the running gateway that somebody has to hear of; `job` is its scrape job. */
export function conditionGroup(job: string): RuleGroup {
  const down: AlertRule = {
    name: "Down",
    expr: `up{job="${job}"} == 0 or absent(loadline_requests_open)`,
    holdMs: 2 * minuteMs,
    severity: "page",
    summary: "The gateway gives no metrics.",
    remedy:
      "Look whether the process runs and /readyz answers, then its last log lines. If it serves, " +
      "the scrape is at fault: its key needs the permission metrics:read.",
  };
  return {
    name: "loadline-conditions",
    recordings: [],
    alerts: [down, ...pages, ...upstreams, ...inside],
  };
}
