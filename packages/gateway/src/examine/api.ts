import type { Clock } from "@loadline/kit/clock";
import { createHttp1Pool } from "@loadline/kit/http1";
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
    return [{ ...part, found: false, detail: `${where}: ${wordsOf(cause)}` }];
  }
}

/** Rejects with what went wrong, `no answer` after the longest wait. */
async function statusOf(url: string, clock: Clock): Promise<number> {
  const door = listeningDoor(url);
  const pool = createHttp1Pool({
    connect: () => door.connect(),
    connectionsMax: 1,
    queueMax: 0,
    queueWaitMs: partMsMax,
    connectTimeoutMs: partMsMax,
    idleMs: partMsMax,
    clock,
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const late = new Error(`no answer within ${partMsMax} ms`);
  const timer = clock.after(partMsMax, () => reject(late));
  const headers = ["host", door.host, "connection", "close"];
  pool.request(
    { method: "GET", path, headers },
    {
      head: (status) => resolve(status),
      data: () => undefined,
      end: () => undefined,
      fail: (fault, detail) => reject(new Error(`${fault}: ${detail}`)),
    },
  );
  return promise.finally(() => {
    timer.cancel();
    pool.close();
  });
}
