import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { Random } from "@loadline/kit/random";
import type { z } from "zod";
import type { Upstream, UpstreamOperation } from "../upstream/upstream.ts";

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
  /** Ends everything the provider started. */
  readonly signal: AbortSignal;
  /** Folder for sockets; exists, mode 0700. */
  readonly runDir: string;
  readonly connectTimeoutMs: number;
}

/** How one kind of upstream is spoken to: a data table and a transport. */
export interface Provider {
  readonly id: string;
  readonly summary: string;
  readonly dialect: "openai.chat";
  /** Path of each operation below the base URL; an absent one is not served. */
  readonly paths: Readonly<Partial<Record<UpstreamOperation, string>>>;
  /** Whether a stream can be asked for its usage. */
  readonly usage: { readonly streamOption: boolean };
  /** Whether a stream without `[DONE]` is cut (`required`) or complete. */
  readonly end: "required" | "optional";
  /** Whether `profile: production` accepts it. */
  readonly production: boolean;
  /** Strict schema of a target of this provider, `provider` literal included. */
  readonly schema: z.ZodObject;
  /** Opens the transport of one target that `schema` accepted. */
  open(name: string, target: unknown, deps: ProviderDeps): Upstream;
}
