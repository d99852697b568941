/** What a target uses up, and how much it may, by series that its metrics tell where they can. */
export interface Resource {
  readonly what: string;
  readonly used: string;
  /** Series of the most there is. */
  readonly limit: string;
  /** `used` counts seconds: its increase per second is what is used. */
  readonly isCounter: boolean;
}

/** Under the names that clients of Prometheus share. */
export const resources: readonly Resource[] = [
  {
    what: "cores",
    used: "process_cpu_seconds_total",
    limit: "go_sched_gomaxprocs_threads",
    isCounter: true,
  },
  {
    what: "file descriptors",
    used: "process_open_fds",
    limit: "process_max_fds",
    isCounter: false,
  },
];

/** Every series of {@link resources}. */
export const resourceSeries: readonly string[] = resources.flatMap(({ used, limit }) => [
  used,
  limit,
]);
