import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { Random } from "@loadline/kit/random";
import type { z } from "zod";
import type { Controls } from "../controls.ts";
import type { EgressDoors } from "../egress/doors.ts";
import type { HostKeeper } from "../models/index.ts";
import type { ErrorRule } from "../upstream/classify.ts";
import type { EndRule, ParamRules, Upstream, UpstreamOperation } from "../upstream/upstream.ts";

/** What every target has, whatever its provider. */
export interface TargetBase {
  readonly provider: string;
  /** The model's name at the upstream. */
  readonly model: string;
}

export interface ProviderDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The ways out of the gateway. */
  readonly egress: EgressDoors;
  /** Ends everything the provider started. */
  readonly signal: AbortSignal;
  /** Folder for sockets; exists, mode 0700. */
  readonly runDir: string;
  readonly connectTimeoutMs: number;
  /** Keeps model hosts for several processes; absent: each process keeps its own. */
  readonly hosts?: HostKeeper | undefined;
  /** What a test makes of transports. */
  readonly controls?: Partial<Controls> | undefined;
}

/** How one kind of upstream is spoken to: a data table and a transport. */
export interface Provider {
  readonly id: string;
  readonly summary: string;
  /** Its name in OpenTelemetry's `gen_ai.provider.name`; default `id`. */
  readonly telemetryName?: string;
  /**
   * Path of each operation below the base URL; an absent one is not served. `{name}` stands for a
   * setting of the target, such as its model.
   */
  readonly paths: Readonly<Partial<Record<UpstreamOperation, string>>>;
  /** Paths of streams, where they have their own. */
  readonly streamPaths?: Readonly<Partial<Record<UpstreamOperation, string>>>;
  /** The header that carries a credential, and what stands before the secret in it. */
  readonly auth?: { readonly header: string; readonly prefix: string };
  /** Flat list of headers of every request. */
  readonly headers?: readonly string[];
  /** What is done to the members of a request, before the target's own rules. */
  readonly params?: ParamRules;
  /** The member that carries an output bound we add to a chat; default `max_tokens`. */
  readonly boundName?: string;
  /** Whether a stream can be asked for its usage. */
  readonly usage: { readonly streamOption: boolean };
  /** Classes of errors that their status alone would place wrongly; the first that fits counts. */
  readonly errors?: readonly ErrorRule[];
  /** What a stream that ends without its end marker is, after its finish. */
  readonly end: EndRule;
  /** A cheap request that says whether the upstream is there: a GET below the base URL. */
  readonly probe?: { readonly path: string };
  /** Whether `profile: production` accepts it. */
  readonly production: boolean;
  /** Strict schema of a target of this provider, `provider` literal included. */
  readonly schema: z.ZodObject;
  /**
   * Looks at what a target that `schema` accepted needs on this machine; rejects with what is wrong.
   * Files in `seen` were looked at for targets before, and the target's own are added.
   */
  check?(target: unknown, seen: Set<string>): Promise<void>;
  /** Opens the transport of one target that `schema` accepted. */
  open(name: string, target: unknown, deps: ProviderDeps): Upstream;
}
