import type { Args, OptionSpec, PositionalSpec } from "../args.ts";
import type { CliHost, ExitCode } from "../process/host.ts";

export interface VerbContext {
  readonly host: CliHost;
  readonly args: Args;
  /** Absolute state directory. */
  readonly stateDir: string;
  /** True when standard output carries one JSON document and nothing else. */
  readonly json: boolean;
}

export type RunVerb = (context: VerbContext) => Promise<ExitCode>;

export interface VerbSpec {
  readonly name: string;
  /** One line, at most 60 characters. */
  readonly summary: string;
  /** What follows the verb's name. */
  readonly usage: string;
  /** One command that works as it stands in a folder where `loadline up --once` ran. */
  readonly example: string;
  /** Makes the file or the key that the example reads. */
  readonly before?: string;
  readonly options: readonly OptionSpec[];
  readonly positional: PositionalSpec;
  /** The verb's code, loaded when the verb runs. */
  readonly load: () => Promise<RunVerb>;
}
