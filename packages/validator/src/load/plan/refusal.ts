import { loadErrors } from "../errors.ts";

/** LL_LOAD_PLAN_INVALID for a path of the plan. */
export function invalid(path: string, what: string): Error {
  return loadErrors.make("LL_LOAD_PLAN_INVALID", `load.${path} ${what}.`);
}

/** LL_LOAD_ABOVE_CAP for a path of the plan. */
export function above(path: string, cap: string): Error {
  return loadErrors.make("LL_LOAD_ABOVE_CAP", `load.${path} is above the cap of ${cap}.`);
}
