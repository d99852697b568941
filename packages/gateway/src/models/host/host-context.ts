import type { Clock } from "@loadline/kit/clock";
import type { Random } from "@loadline/kit/random";
import type { Engine, EngineSequence } from "./engine.ts";
import type { Slots } from "./slots.ts";

/** What the routes of a model host share. */
export interface HostContext {
  readonly engine: Engine;
  readonly slots: Slots<EngineSequence>;
  readonly modelName: string;
  /** Whether embeddings of a model that makes none of meaning are given out. */
  readonly areAnyEmbeddings: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: HostCounters;
  /** Resident bytes beyond which the process ends. */
  rssBytesMax(): number;
}

/** Since the start of the host; shown by `/healthz`. */
export interface HostCounters {
  requests: number;
  /** Questions whose answer is not sent whole yet. */
  active: number;
  /** Answers whose client left before the end. */
  aborted: number;
  /** Tokens generated, those of cut answers included. */
  tokens: number;
}
