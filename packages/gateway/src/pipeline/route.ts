import type { Router } from "../routing/attempts.ts";
import type { RouteTable } from "../routing/routes.ts";
import { modelOnly, type Stage } from "./stage.ts";

/** The requested model -> its route; 404 for a model nobody serves. */
export function authorizeStage(table: RouteTable): Stage {
  return {
    id: "authorize",
    summary: "model -> route",
    wired: modelOnly,
    run(x) {
      const model = x.body?.model ?? "";
      x.route = table.byModel.get(model);
      if (x.route) return undefined;
      return {
        code: "LL_MODEL_UNKNOWN",
        message: `The model ${JSON.stringify(model)} does not exist.`,
        param: "model",
      };
    },
  };
}

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
