import type { Claim, WindowSample } from "@loadline/contract";
import type { Clock } from "@loadline/kit/clock";
import type { Random } from "@loadline/kit/random";
import type { StackManifest } from "./manifest.ts";
import type { StackService } from "./services/index.ts";

/** One attempt at a check, with what a person needs to see it again. */
export interface StackSeen {
  readonly ok: boolean;
  /** What was seen, one sentence; never a cause that was not observed. */
  readonly seen: string;
  /** What the service said, all of it and as it said it: a record masks first and then cuts. */
  readonly raw?: string;
  /** What is stored of a window, for a claim of the kind `window_slo`. */
  readonly window?: Omit<WindowSample, "stream" | "part">;
  /** Argument list that shows it again; secrets as `$NAME`. */
  readonly reproduce: readonly string[];
  /** Part of the claim; default `all`. */
  readonly part?: string;
  /** What of the part it is about, the same from run to run; tells findings of one part apart. */
  readonly at?: string;
  /** Nothing tells whether it is so: the part stays not tested, with `seen` as the reason; not `ok`. */
  readonly isUntold?: true;
}

/** A service as a check meets it. */
export interface StackContext<S extends StackService = StackService> {
  readonly name: string;
  readonly service: S;
  /** The whole stack, for checks that look at a neighbour. */
  readonly stack: StackManifest;
  /** The value behind a reference of the manifest; undefined where none was given. */
  secret(reference: string | undefined): string | undefined;
  /** What checks before this one found out, such as `version`. */
  readonly facts: Map<string, string>;
  readonly clock: Clock;
  readonly random: Random;
  /** The command of the whole run, for what no single call shows again. */
  readonly again: readonly string[];
  /** A name no other run uses; what a check writes carries it. */
  readonly mark: string;
  /** Aborts when the check's time is over: every wait ends with it. */
  readonly signal: AbortSignal;
  /** Time of one check, ms. */
  readonly timeoutMs: number;
  /** What a sentence may quote of a text that somebody else wrote: masked first, then cut. */
  excerpt(text: string, charsMax: number): string;
  /** Said in the evidence beside the observations, such as a figure nobody promised. */
  note(data: Readonly<Record<string, unknown>>): void;
}

export type StackClaim = Pick<Claim, "statement" | "category" | "rationale"> & {
  /** With its `target`: decided by stored windows; default `predicate`. */
  readonly kind?: "window_slo";
  readonly target?: number;
  readonly parts?: readonly string[];
  /** False: shown, never counted; default that of the service. */
  readonly required?: boolean;
};

/**
 * How the twin of a service is broken: the rule whose `when` begins the request (a command, a
 * method and path, a query) answers in place of the healthy twin. `reply` is the protocol's own.
 */
export interface StackRule {
  readonly when: string;
  readonly reply: string;
  /** HTTP only; default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One check of one kind of service. It observes; the fold decides. */
export interface StackProbe<S extends StackService = StackService> {
  /** Last part of the claim's id: `stack.<service>.<check>`. */
  readonly check: string;
  readonly kind: S["kind"];
  readonly summary: string;
  /** Checks of the same service without which this one can tell nothing. */
  readonly needs: readonly string[];
  readonly checklist: readonly string[];
  readonly severity: "low" | "medium" | "high" | "critical";
  /** The one claim it feeds; null where the manifest asks for nothing of the sort. */
  claim(service: S): StackClaim | null;
  /** With these rules before the healthy twin exactly this check fails. */
  readonly saboteur: readonly StackRule[];
  /**
   * @throws WireFault becomes an observation that is not so, LacksFeature `error(probe_contract)`,
   * ToolMissing and NothingThere leave the claim not tested, everything else `error(crashed)`.
   */
  run(context: StackContext<S>): Promise<readonly StackSeen[]>;
}
