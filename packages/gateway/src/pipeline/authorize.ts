import type { authorize as decide } from "../identity/authorize.ts";
import type { Principal } from "../identity/principal.ts";
import { isPublic } from "../identity/surface.ts";
import type { Route, RouteTable } from "../routing/routes.ts";
import type { Exchange, Refusal } from "./exchange.ts";
import { bothNarrowings } from "./narrow-headers.ts";
import type { Stage } from "./stage.ts";

type Authorize = typeof decide;

/** A route that one principal reaches, and nobody else. */
export interface OwnWay {
  readonly route: Route;
  readonly pass: { readonly principal: Principal };
}

/**
 * The operation's permission, then the model and route: unknown ones are 404, those the key is not
 * granted 403. Operations whose surfaces declare their own permission are decided there.
 */
export function authorizeStage(
  live: { readonly current: { readonly routes: RouteTable } },
  authorize: Authorize,
  own?: OwnWay,
): Stage {
  return {
    id: "authorize",
    summary: "permission, model, route",
    wired: (operation) => !isPublic(operation) && typeof operation.permission === "string",
    run(x) {
      const { principal, operation } = x;
      if (!principal) return { code: "LL_AUTHZ_DENIED" };
      const verdict = authorize(principal, operation);
      if (verdict !== "allow") {
        const message = `The key lacks ${verdict.permission ?? "a permission"}.`;
        return { code: verdict.code, message };
      }
      return operation.isModel ? chooseRoute(x, principal, live.current.routes, own) : undefined;
    },
  };
}

function chooseRoute(
  x: Exchange,
  principal: Principal,
  table: RouteTable,
  own: OwnWay | undefined,
): Refusal | undefined {
  const { limits } = principal;
  const model = x.body?.model ?? "";
  // Before the configuration's: a model of theirs may have the same name.
  if (own && principal === own.pass.principal) return takeOwn(x, own, model);
  const route = table.byModel.get(model);
  if (!route) return unknownModel(model);
  if (limits.models !== undefined && !limits.models.has(model))
    return denied(`The key may not ask for ${JSON.stringify(model)}.`, "model");
  const narrowing = x.body?.narrowing;
  if (narrowing !== undefined || x.narrow !== undefined) {
    const refusal = takeNarrowed(x, route);
    if (refusal) return refusal;
  }
  if (limits.routes !== undefined && !limits.routes.has(route.name))
    return denied(`The key may not use route ${route.name}.`, "model");
  x.route = route;
  return undefined;
}

/** The gateway's own route for its own model, and no other. */
function takeOwn(x: Exchange, { route }: OwnWay, model: string): Refusal | undefined {
  if (!route.models.includes(model)) return unknownModel(model);
  x.route = route;
  return undefined;
}

/** Headers and body narrow together; a route they name has to serve the model. */
function takeNarrowed(x: Exchange, route: Route): Refusal | undefined {
  const { narrow } = x;
  const inBody = x.body?.narrowing;
  const both = narrow && inBody ? bothNarrowings(narrow, inBody) : (narrow ?? inBody);
  const param = narrow?.route === undefined ? "loadline.route" : "x-loadline-route";
  if (!both) return { code: "LL_BODY_FIELD", message: "Two routes are asked for.", param };
  if (both.route !== undefined && both.route !== route.name) {
    const message = `Route ${both.route} does not serve the model.`;
    return { code: "LL_BODY_FIELD", message, param };
  }
  x.narrow = both;
  return undefined;
}

function unknownModel(model: string): Refusal {
  const message = `The model ${JSON.stringify(model)} does not exist.`;
  return { code: "LL_MODEL_UNKNOWN", message, param: "model" };
}

function denied(message: string, param: string): Refusal {
  return { code: "LL_AUTHZ_DENIED", message, param };
}
