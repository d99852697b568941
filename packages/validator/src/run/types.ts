import type { ReportModel, VerdictDocument } from "@loadline/contract";
import type { Clock } from "@loadline/kit/clock";
import type { Random } from "@loadline/kit/random";
import type { EvidenceRoom } from "../evidence/room.ts";

export interface Reporter {
  readonly id: string;
  /** File name in the run directory. */
  readonly file: string;
  render(model: ReportModel): string;
  /** Whether a file was rendered by this very build; absent: any build renders the same bytes. */
  isOwn?(text: string): boolean;
}

/** What a stage of a run reports while it works. */
export interface Progress {
  readonly stage: string;
  /** `skipped`: nothing of it was tested, by the plan, for lack of time or of the stage itself. */
  readonly state: "waiting" | "running" | "done" | "skipped";
  readonly done: number;
  readonly total: number;
  /** What runs now, one line. */
  readonly text: string;
  /** A second line, where one does not hold it all. */
  readonly detail?: string;
  /** The numbers of `text` by name, for who reads by machine; the unit is in the name. */
  readonly figures?: Readonly<Record<string, number>>;
  /** Of the whole run. */
  readonly leftMs?: number;
}

export interface ValidationDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Parent of run directories; made when absent. */
  readonly runsDir: string;
  readonly toolVersion: string;
  /** What names the build: the commit it was made from; absent: nothing says. */
  readonly buildDigest?: string;
  /** Of the checks of the run, by the id under which they record; made by the run itself. */
  readonly checkDigests?: ReadonlyMap<string, string>;
  readonly apiKey?: string;
  /** Keys of a plan with several targets, by their names. */
  readonly apiKeys?: ReadonlyMap<string, string>;
  /** Credentials of the stack by their reference; masked in everything that is written. */
  readonly stackSecrets?: ReadonlyMap<string, string>;
  readonly reporters: readonly Reporter[];
  onProgress(progress: Progress): void;
  /** Aborted: stages stop, what exists is folded, exit 130. */
  readonly signal: AbortSignal;
  /** The plan file as it was given, kept beside `plan.json`. */
  readonly planText?: string;
  /** The command that runs it again, as an argument list; default `validate --target` of the plan. */
  readonly reproduce?: readonly string[];
  /** Folder of selftest bundles; the newest is cited in the evidence. */
  readonly selftestDir?: string;
  /** What the run may observe before its bundle is full, default what a bundle holds. */
  readonly room?: EvidenceRoom;
  /** Where the load engine runs, default a thread of its own. */
  readonly loadEngine?: "thread" | "inline";
}

export interface ReporterFailure {
  readonly id: string;
  readonly message: string;
}

export interface ValidationResult {
  readonly run: string;
  readonly runDir: string;
  readonly verdict: VerdictDocument;
  readonly exitCode: 0 | 1 | 2 | 3 | 130;
  /** Reporters that threw; their files are absent, the verdict stands. */
  readonly reporterFailures: readonly ReporterFailure[];
}
