import type { StackEdge } from "./manifest.ts";
import type { StackContext, StackSeen } from "./probe.ts";
import { LacksFeature, WireFault } from "./wire/fault.ts";
import { shownSecret } from "./secrets.ts";
import { curl, type HttpAsk, httpAsk } from "./wire/http.ts";
import {
  artifactPath,
  eraseArtifact,
  inRun,
  mlflowAsk,
  type MlflowContext,
} from "./wire/mlflow-session.ts";
import { orTakeBack, takeBack } from "./wire/take-back.ts";

/** What was put into one end of an edge. */
export interface Sent {
  /** A name nobody else uses; what is to be found carries it. */
  readonly mark: string;
  /** Bytes that are to be found equal; null where only the name tells. */
  readonly bytes: Buffer | null;
  /** Key whose end the bytes are kept under. */
  readonly keyEnd?: string;
  readonly said: string;
  /** Sends it again, a body above 1 KiB left out; null where it takes more than one call. */
  readonly again: readonly string[] | null;
}

type Then = (sent: Sent) => Promise<readonly StackSeen[]>;

/** Every `$MARK` in a value, its keys not. */
export function marked(value: unknown, mark: string): unknown {
  return JSON.parse(JSON.stringify(value ?? null).replaceAll("$MARK", mark));
}

/**
 * Makes the service use its neighbour, and takes back what it made after `then`. A declared request
 * goes before the kind's own way. @throws LacksFeature where there is neither, WireFault.
 */
export async function sendThrough(
  context: StackContext,
  edge: StackEdge,
  mark: string,
  then: Then,
): Promise<readonly StackSeen[]> {
  const { service } = context;
  if (edge.send !== undefined && /^https?:/.test(service.url)) {
    return await sendRequest(context, edge.send, mark, then);
  }
  if (service.kind !== "mlflow") {
    throw new LacksFeature(`Nothing can be sent through ${service.kind}; give \`send\`.`);
  }
  const mlflow = { ...context, service, mark };
  return await inRun(mlflow, async (run) => {
    const bytes = Buffer.from(context.random.bytes(20_000));
    const path = artifactPath(run.experiment, run.run, "edge.bin");
    const put = await mlflowAsk(mlflow, { method: "PUT", path, body: bytes });
    const said = `Artifact put through MLflow (${put.status}).`;
    const keyEnd = `${run.run}/artifacts/edge.bin`;
    const erase = (to: MlflowContext) => eraseArtifact(to, path);
    const seen = await orTakeBack(mlflow, { left: path, undo: erase }, () =>
      then({ mark: run.name, bytes, keyEnd, said, again: null }),
    );
    await takeBack(mlflow, path, erase);
    return seen;
  });
}

async function sendRequest(
  context: StackContext,
  send: NonNullable<StackEdge["send"]>,
  mark: string,
  then: Then,
): Promise<readonly StackSeen[]> {
  const { service } = context;
  const token = service.kind === "http" ? service.token : undefined;
  const path = send.path.replaceAll("$MARK", mark);
  const isJson = send.json !== undefined;
  const asking = (bearer: string | undefined): HttpAsk => ({
    method: send.method,
    url: `${service.url.replace(/\/+$/, "")}${path}`,
    headers: {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(isJson ? { "content-type": "application/json" } : {}),
    },
    ...(isJson ? { body: Buffer.from(JSON.stringify(marked(send.json, mark))) } : {}),
  });
  const answer = await httpAsk(asking(context.secret(token)), context);
  if (answer.status >= 500) {
    const seen = `${send.method} ${path} answered ${answer.status}`;
    throw new WireFault("protocol", seen, answer.body.toString("utf8"));
  }
  return await then({
    mark,
    bytes: null,
    said: `${send.method} ${path} answered ${answer.status}.`,
    again: curl(asking(token === undefined ? undefined : shownSecret(token))),
  });
}
