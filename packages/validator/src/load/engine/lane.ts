import type { LiveEdit, PeakStepTerms } from "../executors/executor.ts";
import type { Recorder } from "../record/recorder.ts";
import type { SenderSamples } from "../record/samples.ts";
import type { LoadPlan, LoadRecord } from "../types.ts";
import type { HostFigures } from "./host.ts";

/** What a sender is told by the control thread. */
export type LaneCommand =
  | { readonly type: "begin"; readonly originMs: number }
  /** `drain`: start nothing more, wait for what is under way. `cancel`: end at once. */
  | { readonly type: "stop"; readonly how: "drain" | "cancel" }
  | { readonly type: "edit"; readonly scenario: number; readonly edit: LiveEdit }
  | { readonly type: "peak"; readonly scenario: number; readonly step: PeakStepTerms | null }
  /** The step has shown enough. */
  | { readonly type: "peak.cut"; readonly scenario: number; readonly phase: number };

/** What a sender says. Buffers are those of its recorder and of a figure's arena. */
export type LaneMessage =
  | { readonly type: "ready"; readonly buffers: readonly SharedArrayBuffer[] }
  | {
      readonly type: "figure";
      readonly scenario: number;
      readonly name: string;
      readonly buffers: readonly SharedArrayBuffer[];
    }
  | { readonly type: "record"; readonly record: LoadRecord }
  /** Once a second: the thread's figures so far. */
  | { readonly type: "host"; readonly host: HostFigures }
  /** A search waits for its next step; what was sent has ended, or was waited for long enough. */
  | { readonly type: "peak.ready"; readonly scenario: number }
  | {
      readonly type: "ended";
      readonly host: HostFigures;
      readonly folded: number;
      readonly samples: SenderSamples;
    }
  /** An exception in a form that survives the crossing. */
  | { readonly type: "fault"; readonly code: string | null; readonly message: string };

/** What a sender needs to know of itself. */
export interface LaneInput {
  readonly plan: LoadPlan;
  readonly pacing: "pacer" | "timer" | "precise";
  /** This sender's number and how many there are. */
  readonly worker: number;
  readonly workers: number;
}

/** How a lane ended; `died` before its work was done, `why` in one clause. */
export type LaneEnd =
  | {
      readonly kind: "done";
      readonly host: HostFigures;
      readonly folded: number;
      readonly samples: SenderSamples;
    }
  | { readonly kind: "died"; readonly why: string };

/** One sender, wherever it runs, as the control thread sees it. */
export interface Lane {
  readonly worker: number;
  /** Its counts, live. */
  readonly recorder: Recorder;
  command(command: LaneCommand): void;
  /** Rejects when the sender cannot begin: nothing was sent then. */
  readonly ready: Promise<void>;
  /** Never rejects. */
  readonly ended: Promise<LaneEnd>;
  close(): Promise<void>;
}

/** What the control thread hears of a lane while it runs. */
export interface LaneEvents {
  record(record: LoadRecord): void;
  host?(worker: number, host: HostFigures): void;
  peakReady(worker: number, scenario: number): void;
}
