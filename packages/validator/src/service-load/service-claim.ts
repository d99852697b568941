import type { Claim } from "@loadline/contract";
import type { LoadJob } from "../load/index.ts";
import type { LoadManifest } from "../plan/manifest.ts";

/** One promise of a service under load: a threshold of the load engine with its words. */
export interface ServiceClaim {
  /** Last part of the claim's id. */
  readonly id: string;
  /** Metric of the engine; `{scenario}` is the service's one scenario. */
  readonly selector: string;
  readonly threshold: string;
  readonly statement: string;
  readonly rationale: string;
  readonly checklist: readonly string[];
  /** Samples it will have; null: it is observed over the whole window. */
  readonly samples: number | null;
}

/** What of a service's load is counted under a name, for claims of a plan's own. */
export interface ServiceStream {
  /** Last part of the stream, below `load.<service>`. */
  readonly id: string;
  /** Metric of the engine, as in {@link ServiceClaim}. */
  readonly selector: string;
  readonly kinds: readonly Claim["kind"][];
  /** Which events a proportion counts. */
  readonly counts?: "bad" | "good";
  /** Unit of a mean on it. */
  readonly unit?: "ms";
  /** Samples it will have; null: nobody knows before, or the window is observed as one. */
  readonly samples: number | null;
}

/** What is sent to one service and what is promised of it. */
export interface ServiceTraffic {
  readonly target: LoadJob["load"]["target"];
  readonly scenario: LoadJob["load"]["scenarios"][string];
  readonly claims: readonly ServiceClaim[];
  /** What further claims may be made of. */
  readonly streams: readonly ServiceStream[];
}

/** What traffic is made of beside the service itself. */
export interface TrafficTerms {
  readonly load: LoadManifest;
  /** The value of a reference to a secret. */
  secret(reference: string | undefined): string;
}

/** A length of load with its warm-up, ms. */
export function windowOf(load: LoadManifest) {
  return {
    executor: "constant-arrival-rate",
    durationMs: (load.warmupSeconds + load.durationSeconds) * 1000,
    warmupMs: load.warmupSeconds * 1000,
    gracefulStopMs: 8_000,
    arrivals: "even",
  } as const;
}

/** A ratio as the percentage that thresholds take. */
export const percent = (ratio: number): string => `${Number((ratio * 100).toPrecision(12))}%`;

/** All due requests count, answered or not. */
export function successClaim(load: LoadManifest, what: string, samples: number): ServiceClaim {
  return {
    id: "success",
    selector: "errors{scenario}",
    threshold: `rate<${percent(1 - load.success)}`,
    statement: `${what}: success >= ${load.success * 100} % of due requests`,
    rationale: "Every due request counts, sent or not, answered or not.",
    checklist: ["R2-05"],
    samples,
  };
}

/** Due requests without a good answer. */
export const errorsStream = (samples: number): ServiceStream => ({
  id: "errors",
  selector: "errors{scenario}",
  kinds: ["proportion"],
  counts: "bad",
  samples,
});

/** Times told by the clients under a metric's name, or of every request. */
export const timeStream = (id: string, metric: string, samples: number | null): ServiceStream => ({
  id,
  selector: `${metric}{scenario}`,
  kinds: ["quantile", "mean"],
  unit: "ms",
  samples,
});

/** Both clocks of the requests of one step. */
export const stepStreams = (step: string, samples: number): ServiceStream[] =>
  ["response_time", "service_time"].map((metric) => ({
    ...timeStream(`${step}.${metric}`, metric, samples),
    selector: `${metric}{scenario,step:${step}}`,
  }));

/** What should happen to every one of the samples. */
export const rateStream = (id: string, metric: string, samples: number | null): ServiceStream => ({
  id,
  selector: `${metric}{scenario}`,
  kinds: ["proportion"],
  counts: "good",
  samples,
});

/** What must not happen at all: a predicate on it holds while none was seen. */
export const countStream = (id: string, metric: string): ServiceStream => ({
  id,
  selector: `${metric}{scenario}`,
  kinds: ["predicate"],
  samples: null,
});

/** The login of a service as headers of every request. */
export function loginHeaders(
  service: {
    readonly token?: string | undefined;
    readonly user?: string | undefined;
    readonly password?: string | undefined;
  },
  secret: TrafficTerms["secret"],
): Readonly<Record<string, string>> {
  if (service.token !== undefined) return { authorization: `Bearer ${secret(service.token)}` };
  if (service.user === undefined) return {};
  const login = `${service.user}:${secret(service.password)}`;
  return { authorization: `Basic ${Buffer.from(login).toString("base64")}` };
}
