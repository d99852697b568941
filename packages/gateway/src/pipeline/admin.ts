import type { Live } from "../snapshot/snapshot.ts";
import { adminOnly, type Stage } from "./stage.ts";

/** Refuses the admin plane to addresses outside `admin.allowFrom`, before any credential is read. */
export function adminAddressStage(live: Live): Stage {
  return {
    id: "admin-address",
    summary: "admin plane from allowed addresses only",
    wired: adminOnly,
    run: (x) =>
      live.current.adminFrom.has(x.client.address) ? undefined : { code: "LL_ADMIN_ADDRESS" },
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
