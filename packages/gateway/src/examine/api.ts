import type { IncomingMessage } from "node:http";
import type { Clock } from "@loadline/kit/clock";
import { codeOf } from "@loadline/kit/errors";
import { nodeHttp } from "@loadline/kit/node-http";
import type { GatewayConfig } from "../config/schema.ts";
import { listeningDoor } from "../self-probe/door.ts";
import { type PartFinding, partMsMax, wordsOf } from "./finding.ts";

const path = "/readyz";

/** What listens at the configured address: whether it says that it is ready. */
export async function examineApi(
  { listen: { host, port }, tls }: Pick<GatewayConfig, "listen" | "tls">,
  clock: Clock,
): Promise<readonly PartFinding[]> {
  const name = host.includes(":") ? `[${host}]` : host;
  const where = `${name}:${port}`;
  const part = { id: "api", required: false };
  if (port === 0) return [{ ...part, found: false, detail: `${where}: any free port, not asked` }];
  try {
    const status = await statusOf(`${tls ? "https" : "http"}://${where}`, clock);
    const detail = `${where}, GET ${path} answers ${status}`;
    return [{ ...part, found: status === 200, detail }];
  } catch (cause) {
    const words = wordsOf(cause) === "" ? codeOf(cause) : wordsOf(cause);
    return [{ ...part, found: false, detail: `${where}: ${words}` }];
  }
}

async function statusOf(url: string, clock: Clock): Promise<number> {
  const door = listeningDoor(url);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = { host: door.host, connection: "close" };
  const createConnection = () => door.connect();
  const request = nodeHttp.request({ createConnection, path, headers });
  const late = new Error(`no answer within ${partMsMax} ms`);
  const timer = clock.after(partMsMax, () => request.destroy(late));
  request.once("error", reject);
  request.once("response", resolve);
  request.end();
  try {
    const response = await promise;
    response.resume();
    return response.statusCode ?? 0;
  } finally {
    timer.cancel();
    request.destroy();
  }
}
