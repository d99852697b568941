import type { Claim } from "@loadline/contract";
import type { TargetManifest } from "../plan/manifest.ts";
import type { Exchange, ProbeClient } from "./client.ts";

/** Routes and facts of the target a probe rests on; read once before the first probe. */
export type Need = "chat" | "models" | "embeddings" | "health";

/** What the target was seen to offer; `unknown` when it did not answer at all. */
export type TargetContract = Readonly<Record<Need, "present" | "missing" | "unknown">>;

export interface ProbeContext {
  readonly client: ProbeClient;
  readonly target: TargetManifest;
  /** The model named by the plan, or the first the target lists. */
  readonly model: string;
  readonly signal: AbortSignal;
}

/** One attempt at one part of the probe's claim. */
export interface ProbeFinding {
  readonly part: string;
  readonly ok: boolean;
  /** What was seen, one sentence. */
  readonly seen: string;
  readonly exchange: Exchange;
}

/** Sends what the target would get from an outsider, and says what came back. Never decides. */
export interface Probe {
  readonly id: string;
  readonly summary: string;
  readonly needs: readonly Need[];
  /** The one claim it feeds; `of` is `probe.<id>`. */
  claim(target: TargetManifest): ProbeClaim;
  /** Rules put before those of the clean stub: with them exactly this probe's claim fails. */
  readonly saboteur: readonly StubRule[];
  readonly checklist: readonly string[];
  run(context: ProbeContext): Promise<readonly ProbeFinding[]>;
}

export type ProbeClaim = Pick<Claim, "statement" | "category" | "rationale" | "required"> & {
  readonly parts?: readonly string[];
};

/** What of a request a stub rule looks at; every given member must hold. */
export interface StubMatch {
  readonly method?: string;
  /** Whole path without query. */
  readonly path?: string;
  readonly key?: "none" | "wrong" | "right";
  readonly body?: "malformed" | "oversized" | "invalid" | "unknown-model" | "stream" | "plain";
  /** With `stream`: whether usage was asked for. */
  readonly usageAsked?: boolean;
}

/** One line of a stub server described by data: the first rule that matches answers. */
export interface StubRule {
  readonly when: StubMatch;
  readonly status: number;
  /** JSON body; with `events` the payloads of an event stream, strings sent as they are. */
  readonly json?: unknown;
  readonly text?: string;
  readonly events?: readonly unknown[];
  readonly headers?: Readonly<Record<string, string>>;
}
