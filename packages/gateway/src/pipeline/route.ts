import type { Router } from "../routing/attempts.ts";
import { modelOnly, type Stage } from "./stage.ts";

/** Refuses at once when no target of the route serves the operation. */
export function routeStage(router: Router): Stage {
  return {
    id: "route",
    summary: "targets in order",
    wired: modelOnly,
    run(x) {
      return router.serves(x) ? undefined : { code: "LL_ROUTE_UNSUPPORTED", param: "model" };
    },
  };
}
