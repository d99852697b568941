/** Length of each series, one value a minute. */
const minutes = 240;
const flat = (value: number): string => `${value}x${minutes}`;
const grows = (perMinute: number): string => `0+${perMinute}x${minutes}`;

const calls = 'loadline_requests_total{operation="chat",route="r",status="200"}';
const failed = 'loadline_requests_total{operation="chat",route="r",status="502"}';
const refusals =
  'loadline_limit_decisions_total{scope="key",resource="requests",decision="refused"}';
const goodKeys = 'loadline_auth_total{via="key",outcome="ok",code="_none"}';
const badKeys = 'loadline_auth_total{via="key",outcome="refused",code="LL_AUTH_INVALID"}';
const overhead = "loadline_overhead_seconds_count";
const fast = 'loadline_overhead_seconds_bucket{le="0.1"}';
const ready = (target: string): string => `loadline_target_ready{target="${target}"}`;
const breaker = (target: string): string => `loadline_breaker_state{target="${target}"}`;
const opened = 'loadline_breaker_transitions_total{target="a",from="closed",to="open"}';
const keys = 'loadline_upstream_keys{target="a",state="open"}';
const pool = 'loadline_pool_ready{route="r"}';
const skipped = 'loadline_stage_skipped_total{stage="authenticate"}';
const exits = "loadline_exit_violations_total";
const sql = 'loadline_dependency_state{dependency="sql"}';
const mode = 'loadline_limit_mode{mode="degraded"}';
const dropped = 'loadline_queue_dropped_total{queue="audit"}';
const budget = 'loadline_budget_remaining_ratio{budget="global/day"}';
const looks = "loadline_event_loop_delay_seconds_count";
const inTime = 'loadline_event_loop_delay_seconds_bucket{le="0.1"}';
const restarts = "loadline_worker_restarts_total";
const invalid = 'loadline_config_reloads_total{outcome="invalid"}';
const notAfter = "loadline_tls_certificate_not_after_seconds";
const config = 'loadline_config_info{digest="one"}';
const otherConfig = 'loadline_config_info{digest="two"}';
const open = "loadline_requests_open";
const up = "up";

export type Series = Readonly<Record<string, string>>;

/** Series of a gateway with two targets and nothing wrong, which every case begins with. */
export const healthy: Series = {
  [up]: flat(1),
  [open]: flat(1),
  [calls]: grows(100),
  [failed]: flat(0),
  [refusals]: grows(4),
  [goodKeys]: grows(1000),
  [badKeys]: grows(8),
  [overhead]: grows(1000),
  [fast]: grows(992),
  [ready("a")]: flat(1),
  [ready("b")]: flat(1),
  [breaker("a")]: flat(0),
  [breaker("b")]: flat(0),
  [opened]: "0x30 1x30 2x30 3x30 4x120",
  [keys]: flat(0),
  [pool]: flat(2),
  'loadline_pool_min{route="r"}': flat(2),
  [skipped]: flat(0),
  [exits]: flat(0),
  [sql]: flat(0),
  'loadline_dependency_state{dependency="redis"}': flat(3),
  [mode]: flat(0),
  [dropped]: flat(0),
  [budget]: flat(0.5),
  [looks]: grows(1200),
  [inTime]: grows(1150),
  [restarts]: "0x60 1x60 2x120",
  [invalid]: flat(0),
  [config]: flat(1),
  [notAfter]: flat(60 * 86_400),
};

export interface AlertCase {
  readonly title: string;
  readonly series: Series;
  /** Nothing of `healthy` but what `series` names. */
  readonly isAlone?: true;
  /** Minute and what fires then: `Name/severity`, nothing else. */
  readonly at: Readonly<Record<string, readonly string[]>>;
}

const ticket = (name: string): string => `${name}/ticket`;
const page = (name: string): string => `${name}/page`;
const firesAt = (title: string, series: Series, names: readonly string[]): AlertCase => ({
  title,
  series,
  at: { "30m": names },
});

/** An outage of everything from minute 60 on. */
const outage: Series = { [calls]: "0+100x60 6000x180", [failed]: "0x60 0+100x180" };
const shareFails = (perMinute: number, all = 1000): Series => ({
  [calls]: grows(all - perMinute),
  [failed]: grows(perMinute),
});

export const alertCases: readonly AlertCase[] = [
  { title: "healthy", series: {}, at: { "20m": [], "90m": [], "230m": [] } },
  {
    title: "no scrape",
    series: { [up]: "1x10 0x60" },
    at: { "12m": [], "14m": [page("Down")] },
  },
  {
    title: "no gateway",
    series: { [up]: flat(1) },
    isAlone: true,
    at: { "1m": [], "3m": [page("Down")], "16m": [page("Down"), ticket("SloNoData")] },
  },
  {
    title: "every breaker open",
    series: { [breaker("a")]: "0x10 2x60", [breaker("b")]: "0x10 2x60" },
    at: { "11m": [], "13m": [page("NoTarget")], "17m": [ticket("BreakerOpen"), page("NoTarget")] },
  },
  firesAt("no model host ready", { [ready("a")]: flat(0), [ready("b")]: flat(0) }, [
    page("NoTarget"),
  ]),
  firesAt("one model host ready", { [ready("a")]: flat(0) }, []),
  {
    title: "one breaker, open and half-open in turn",
    series: { [breaker("a")]: "0x10 2 1 2 1 2 1 2 1 2 1 2 1 0x30" },
    at: { "14m": [], "18m": [ticket("BreakerOpen")], "30m": [] },
  },
  {
    title: "a breaker that opens every five minutes",
    series: { [opened]: "0x4 1x4 2x4 3x4 4x4 5x4 6x4 7x4 8x4 9x4 10x4 11x4 12x4 13x120" },
    at: { "20m": [], "62m": [ticket("BreakerFlapping")] },
  },
  firesAt("a key is out", { [keys]: flat(1) }, [ticket("UpstreamKeyOut")]),
  {
    title: "the pool runs empty",
    series: { [pool]: "2x10 1x10 0x60" },
    at: {
      "12m": [],
      "14m": [ticket("PoolLow")],
      "23m": [page("PoolEmpty"), ticket("PoolLow")],
    },
  },
  firesAt("a stage is skipped once", { [skipped]: "0x25 1x60" }, [page("InvariantBroken")]),
  firesAt("an exchange ends twice", { [exits]: "0x25 1x60" }, [page("InvariantBroken")]),
  firesAt("6 % of calls hit a limit", { [refusals]: grows(6) }, [ticket("LimitHits")]),
  firesAt("few calls, all refused", { [calls]: grows(5), [refusals]: grows(5) }, []),
  firesAt("2 % of keys are refused", { [badKeys]: grows(20) }, [ticket("AuthFailures")]),
  firesAt("few keys, all refused", { [goodKeys]: flat(9), [badKeys]: grows(5) }, []),
  firesAt("2 % are held over 100 ms", { [fast]: grows(980) }, [ticket("OverheadHigh")]),
  {
    title: "SQL is down",
    series: { [sql]: "0x10 2x60" },
    at: { "14m": [], "17m": [ticket("DependencyDown")] },
  },
  firesAt("limits are local", { [mode]: flat(1) }, [ticket("LimitsLocal")]),
  firesAt("a queue drops", { [dropped]: "0x25 7x60" }, [ticket("QueueDropping")]),
  firesAt("5 % of a budget are left", { [budget]: flat(0.05) }, [ticket("BudgetLow")]),
  firesAt("the loop is late", { [inTime]: grows(400) }, [ticket("EventLoopBlocked")]),
  firesAt("six workers end", { [restarts]: "0x23 2 4 6x60" }, [ticket("WorkerRestarts")]),
  firesAt("a reload is refused", { [invalid]: "0x25 1x60" }, [ticket("ConfigStale")]),
  {
    title: "two configurations",
    series: { [otherConfig]: flat(1) },
    at: { "29m": [], "31m": [ticket("ConfigSkew")] },
  },
  firesAt("20 days of certificate", { [notAfter]: flat(20 * 86_400) }, [ticket("CertExpiring")]),
  firesAt("5 days of certificate", { [notAfter]: flat(5 * 86_400) }, [
    page("CertExpiring"),
    ticket("CertExpiring"),
  ]),
  {
    title: "a total outage after an hour",
    series: outage,
    at: { "60m": [], "64m": [page("SloBurn"), ticket("SloTicket")] },
  },
  firesAt("10 % of calls fail", shareFails(100), [page("SloBurn"), ticket("SloTicket")]),
  firesAt("2 % of calls fail", shareFails(20), [ticket("SloTicket")]),
  firesAt("0.4 % of calls fail", shareFails(4), []),
  firesAt("few calls, all failed", { ...shareFails(1, 1), [refusals]: flat(0) }, [
    ticket("SloTicket"),
  ]),
];
