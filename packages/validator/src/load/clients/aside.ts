import { createEgress, hostOf } from "@loadline/kit/egress";
import { createHttp1Pool, type Http1Request } from "@loadline/kit/http1";
import type { ExecContext } from "../engine/exec.ts";

const atOnce = 8;
const connectTimeoutMs = 2_000;

/**
 * Sends what is no load and belongs to no account, when the run has ended: what a scenario takes
 * away that it left behind. Eight at once, for at most `budgetMs`; resolves with how many were not
 * answered with 2xx or 404.
 */
export async function sendAside(
  context: Pick<ExecContext, "clock" | "plan">,
  requests: readonly Http1Request[],
  budgetMs: number,
): Promise<number> {
  if (requests.length === 0) return 0;
  const url = new URL(context.plan.target.baseUrl);
  const insecure = context.plan.target.insecure === true;
  const egress = createEgress({ allowHosts: [hostOf(url)], insecure });
  const pool = createHttp1Pool({
    connect: () => egress.connect(url),
    connectionsMax: atOnce,
    queueMax: requests.length,
    queueWaitMs: budgetMs,
    connectTimeoutMs,
    idleMs: budgetMs,
    clock: context.clock,
  });
  const late = context.clock.after(budgetMs, () => pool.close());
  try {
    const gone = await Promise.all(requests.map((request) => send(pool, request)));
    return gone.filter((one) => !one).length;
  } finally {
    late.cancel();
    pool.close();
  }
}

async function send(
  pool: ReturnType<typeof createHttp1Pool>,
  request: Http1Request,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let status = 0;
  pool.request(request, {
    head: (seen) => void (status = seen),
    data: () => undefined,
    end: () => resolve((status >= 200 && status < 300) || status === 404),
    fail: () => resolve(false),
  });
  return await promise;
}
