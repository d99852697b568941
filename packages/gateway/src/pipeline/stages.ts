import type { Controls } from "../controls.ts";
import type { Identity } from "../identity/identity.ts";
import type { Accounting } from "../limits/wire.ts";
import type { Live } from "../snapshot/snapshot.ts";
import { acceptStage } from "./accept.ts";
import { adminAddressStage, handOverStage } from "./admin.ts";
import { addressLimitStage } from "./address-limit.ts";
import { type LocalAnswers, answerStage } from "./answer.ts";
import { auditReadyStage } from "./audit-ready.ts";
import { authenticateStage, type OwnPass } from "./authenticate.ts";
import { authorizeStage, type OwnWay } from "./authorize.ts";
import { callStage } from "./call.ts";
import type { CallDeps } from "./call-run.ts";
import { exitStages } from "./exits.ts";
import { filesStage } from "./files.ts";
import { operations } from "./operations.ts";
import { overloadStage } from "./overload.ts";
import { readStage } from "./read.ts";
import { requestIdStage } from "./request-id.ts";
import { reserveStage } from "./reserve.ts";
import { routeStage } from "./route.ts";
import type { Stage } from "./stage.ts";

export interface StageDeps {
  readonly nextId: () => string;
  readonly identity: Parameters<typeof authenticateStage>[0] &
    Pick<Identity, "onExposed" | "authorize">;
  /** Read at each request: a reload changes it. */
  readonly live: Live;
  readonly accounting: Accounting;
  readonly call: CallDeps;
  readonly local: LocalAnswers;
  readonly files: Parameters<typeof filesStage>[0];
  readonly exits: Parameters<typeof exitStages>[0] & {
    /** Whether this process cannot keep up; absent: it always does. */
    readonly isOverloaded?: (() => boolean) | undefined;
  };
  /** The gateway as a caller of itself; absent: it never is. */
  readonly own?: (OwnWay & { readonly pass: OwnPass }) | undefined;
  /** What a test makes of the table. */
  readonly change?: Controls["stages"] | undefined;
}

/** The one table of stages, in order. */
export function createStages(deps: StageDeps): Stage[] {
  const table = [
    requestIdStage(deps.nextId),
    acceptStage(deps.identity.onExposed, deps.exits.tracer),
    overloadStage(deps.exits.isOverloaded),
    auditReadyStage(deps.exits.audit),
    adminAddressStage(deps.live),
    addressLimitStage(deps.accounting, deps.call.nowMs),
    authenticateStage(deps.identity, deps.live, deps.own?.pass),
    readStage(deps.live),
    authorizeStage(deps.live, deps.identity.authorize, deps.own),
    reserveStage(deps.accounting.limits),
    routeStage(deps.call.router),
    callStage(deps.call),
    answerStage(deps.local),
    handOverStage(),
    filesStage(deps.files),
    ...exitStages(deps.exits, deps.accounting),
  ];
  return deps.change?.(table) ?? table;
}

export interface ExplainedOperation {
  readonly operation: string;
  readonly path: string;
  readonly methods: readonly string[];
  readonly stages: readonly { readonly id: string; readonly summary: string }[];
}

/** The stages each operation passes, exit stages last. */
export function explain(stages: readonly Stage[]): ExplainedOperation[] {
  return operations.map((operation) => ({
    operation: operation.id,
    path: operation.path,
    methods: operation.methods,
    stages: stages
      .filter((stage) => stage.wired(operation))
      .map(({ id, summary }) => ({ id, summary })),
  }));
}
