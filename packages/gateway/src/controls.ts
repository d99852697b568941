import type { Breaker, BreakerDeps } from "@loadline/kit/circuit-breaker";
import type { OpenedAuditLog } from "./audit-log/open.ts";
import type { Http1Parts } from "./front/http1/parts.ts";
import type { drain } from "./health/drain.ts";
import type { Identity } from "./identity/identity.ts";
import type { Limits } from "./limits/limits.ts";
import type { Stage } from "./pipeline/stage.ts";
import type { decideStream } from "./stream/machine.ts";
import type { Upstream } from "./upstream/upstream.ts";

/** The controls a test may replace, to see that their absence is noticed. */
export interface Controls {
  /** Decides what each event of an upstream's answer leads to. */
  readonly streamMachine: typeof decideStream;
  /** Makes the breaker of one target. */
  readonly breaker: (deps: BreakerDeps) => Breaker;
  /** Stands between the pipeline and who may do what: authentication and authorization. */
  readonly auth: (identity: Identity) => Identity;
  /** Stands before the audit log: what acts and exchanges record goes through it. */
  readonly audit: (log: OpenedAuditLog) => OpenedAuditLog;
  /** Stands between the pipeline and the limits. */
  readonly limits: (limits: Limits) => Limits;
  /** Changes the table of stages before anything runs. */
  readonly stages: (table: Stage[]) => Stage[];
  /** Stands between attempts, probes and the transport of one target. */
  readonly upstream: (upstream: Upstream, target: string) => Upstream;
  /** Ends what is under way when the gateway closes. */
  readonly drain: typeof drain;
  /** Changes what the own front is made of. */
  readonly front: (parts: Http1Parts) => Http1Parts;
}
