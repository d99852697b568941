import { parseRanges } from "@loadline/kit/ip-ranges";
import type { AdminConfig } from "../admin/config.ts";
import { gatewayErrors } from "../errors.ts";
import { adminOnly, type Stage } from "./stage.ts";

/** Refuses the admin plane to addresses outside `admin.allowFrom`, before any credential is read. */
export function adminAddressStage({ allowFrom }: AdminConfig): Stage {
  const allowed = parseRanges(allowFrom);
  if (typeof allowed === "string")
    throw gatewayErrors.make("LL_CONFIG_INVALID", `admin.allowFrom: ${allowed} is no range.`);
  return {
    id: "admin-address",
    summary: "admin plane from allowed addresses only",
    wired: adminOnly,
    run: (x) => (allowed.has(x.client.address) ? undefined : { code: "LL_ADMIN_ADDRESS" }),
  };
}

/** Gives requests under /admin, whose caller is known by now, to the admin plane. */
export function handOverStage(): Stage {
  return {
    id: "hand-over",
    summary: "to the admin plane",
    wired: adminOnly,
    run(x) {
      return x.client.handOver?.(x) === true ? undefined : { code: "LL_ROUTE_UNKNOWN" };
    },
  };
}
