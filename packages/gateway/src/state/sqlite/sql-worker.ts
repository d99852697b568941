import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "@loadline/kit/clock";
import { GroupCommit } from "./executor.ts";
import { writingPragmas } from "./pragmas.ts";
import {
  faultOf,
  type SqlOrder,
  type SqlReply,
  type SqlRequest,
  type SqlThreadMessage,
  type SqlThreadPlan,
} from "./protocol.ts";
import { Statements } from "./statements.ts";

/** Waiting for another process's write, such as `keys create`. */
const busyMs = 800;

const planOf = (data: unknown): SqlThreadPlan => data as SqlThreadPlan;

function serve(
  plan: SqlThreadPlan,
  send: (message: SqlThreadMessage) => void,
): (r: SqlRequest) => void {
  const db = new DatabaseSync(plan.path, { readOnly: plan.isReadOnly, timeout: busyMs });
  if (!plan.isReadOnly) {
    db.exec(writingPragmas);
    const deps = {
      clock: systemClock(),
      reply: send,
      soon: (run: () => void) => void setImmediate(run),
    };
    const executor = new GroupCommit(db, deps);
    return (request) => executor.request(request);
  }
  const statements = new Statements(db);
  return (request) => send(read(statements, request));
}

function read(statements: Statements, request: SqlRequest): SqlReply {
  const { id } = request;
  if (request.op !== "query")
    return { id, fault: { message: "this thread only reads", errcode: 0 } };
  try {
    return { id, result: statements.run(request.statement) };
  } catch (cause) {
    return { id, fault: faultOf(cause) };
  }
}

const port = parentPort;
if (port) {
  const send = (message: SqlThreadMessage): void => port.postMessage(message);
  try {
    const request = serve(planOf(workerData), send);
    port.on("message", (order: SqlOrder) => {
      if (order.op === "end") port.close();
      else request(order);
    });
    send({ open: true });
  } catch (cause) {
    send({ fatal: faultOf(cause) });
  }
}
