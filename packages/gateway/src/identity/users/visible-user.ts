import { gatewayErrors } from "../../errors.ts";
import type { Repositories } from "../../state/repositories.ts";
import type { PrincipalRow } from "../../state/rows.ts";
import type { Acting } from "../acting.ts";
import { everyTenant } from "../authorize.ts";

/** A user of the acting principal's tenant; LL_USER_UNKNOWN for all others. */
export async function visibleUser(
  r: Pick<Repositories, "principals">,
  { principal: p }: Acting,
  id: string,
): Promise<PrincipalRow> {
  const row = await r.principals.find(id);
  if (row && (row.tenantId === p.tenantId || p.tenantId === everyTenant)) return row;
  throw gatewayErrors.make("LL_USER_UNKNOWN", `There is no user ${JSON.stringify(id)}.`);
}
