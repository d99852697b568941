import type { LaneCommand, LaneMessage } from "./lane.ts";
import type { ChangedWords } from "./mirror.ts";

/** What a generator process is told. The plan is without shared memory. */
export type ProcessCommand =
  | {
      readonly type: "init";
      readonly plan: unknown;
      readonly pacing: "pacer" | "timer" | "precise";
      /** Numbers of its senders: `first` to `first + count - 1` of `workers`. */
      readonly first: number;
      readonly count: number;
      readonly workers: number;
    }
  | { readonly type: "lane"; readonly worker: number; readonly command: LaneCommand };

/** What it says of one of its senders: buffers are named by their sizes and mirrored by changes. */
export interface ProcessMessage {
  readonly worker: number;
  readonly message:
    | Exclude<LaneMessage, { type: "ready" } | { type: "figure" }>
    | { readonly type: "ready"; readonly sizes: readonly number[] }
    | {
        readonly type: "figure";
        readonly scenario: number;
        readonly name: string;
        readonly sizes: readonly number[];
      }
    /** Group 0 is the sender's own arena, group i its figure number i. */
    | {
        readonly type: "changes";
        readonly group: number;
        readonly changes: readonly ChangedWords[];
      }
    | { readonly type: "gone"; readonly why: string };
}
