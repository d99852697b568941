import { gatewayErrors } from "../errors.ts";
import { findExcess, type Grant } from "./grant.ts";

/** Throws LL_KEY_GRANT_EXCEEDS, naming the field, when `grant` is no subset of `outer`. */
export function refuseExcess(grant: Grant, outer: Grant, whose = "its maker holds"): void {
  const field = findExcess(grant, outer);
  if (field === undefined) return;
  const over = [...grant.permissions].filter((one) => !outer.permissions.has(one));
  const names = field === "permissions" ? ` (${over.join(", ")})` : "";
  const message = `${field}${names} goes beyond what ${whose}.`;
  throw gatewayErrors.make("LL_KEY_GRANT_EXCEEDS", message, { param: field });
}
