import type { Accounting } from "../limits/wire.ts";
import type { Exchange, Exit, Refusal } from "./exchange.ts";
import { isPublic } from "../identity/surface.ts";
import type { Stage } from "./stage.ts";

const unauthorized = 401;

/**
 * Refuses addresses that failed to authenticate too often, where only failures count, and, where it
 * is configured, those that send too many requests.
 */
export function addressLimitStage(accounting: Accounting, nowMs: () => number): Stage {
  const table = accounting.addresses;
  const requests = accounting.addressRequests;
  const refused = (waitUs: number, what: string): Refusal => {
    accounting.onAddressRefused();
    const waitMs = Math.ceil(waitUs / 1000);
    return {
      code: "LL_LIMIT_ADDRESS",
      retryAfterMs: waitMs,
      headers: ["retry-after-ms", String(waitMs), "x-loadline-limit", `address/${what}`],
    };
  };
  return {
    id: "address-limit",
    summary: "failed keys per address",
    wired: (operation) => !isPublic(operation),
    run(x): Refusal | undefined {
      const { address } = x.client;
      // Nothing was waited for since the request began.
      const nowUs = Math.floor(x.startedMs * 1000);
      const waitUs = table.waitUs(address, nowUs);
      if (waitUs > 0) return refused(waitUs, "failures");
      if (requests === undefined) return undefined;
      const requestWaitUs = requests.waitUs(address, nowUs);
      if (requestWaitUs > 0) return refused(requestWaitUs, "requests");
      requests.fail(address, nowUs);
      return undefined;
    },
    exit(x: Exchange, end: Exit): void {
      if (end.status === unauthorized) table.fail(x.client.address, Math.floor(nowMs() * 1000));
    },
  };
}
