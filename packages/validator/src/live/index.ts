import type { LoadPlan } from "../load/types.ts";
import type { Editable } from "./edit.ts";

export type { Edit, Editable } from "./edit.ts";
export { type LiveServer, startLiveServer } from "./live-server.ts";

const caps = { users: 20_000, rate: 50_000 } as const;

/** Scenarios whose users or rate a live page may change. */
export function editableOf(load: LoadPlan): Editable[] {
  return Object.entries(load.scenarios).flatMap(([scenario, { executor }]): Editable[] => {
    if (executor === "constant-arrival-rate") return [{ scenario, of: "rate", max: caps.rate }];
    const isUsers = executor === "constant-vus" || executor === "ramping-vus";
    return isUsers ? [{ scenario, of: "users", max: caps.users }] : [];
  });
}
