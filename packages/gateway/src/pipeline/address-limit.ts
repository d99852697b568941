import type { Accounting } from "../limits/wire.ts";
import type { Exchange, Exit, Refusal } from "./exchange.ts";
import { isPublic } from "../identity/surface.ts";
import type { Stage } from "./stage.ts";

const unauthorized = 401;

/** Refuses addresses that failed to authenticate too often; only failures count. */
export function addressLimitStage(accounting: Accounting, nowMs: () => number): Stage {
  const table = accounting.addresses;
  return {
    id: "address-limit",
    summary: "failed keys per address",
    wired: (operation) => !isPublic(operation),
    run(x): Refusal | undefined {
      const wait = table.waitUs(x.client.address, Math.floor(nowMs() * 1000));
      if (wait === 0) return undefined;
      accounting.onAddressRefused();
      const waitMs = Math.ceil(wait / 1000);
      return {
        code: "LL_LIMIT_ADDRESS",
        retryAfterMs: waitMs,
        headers: ["retry-after-ms", String(waitMs), "x-loadline-limit", "address/failures"],
      };
    },
    exit(x: Exchange, end: Exit): void {
      if (end.status === unauthorized) table.fail(x.client.address, Math.floor(nowMs() * 1000));
    },
  };
}
