import type { SelftestCase, SelftestContext, SelftestFamily } from "./case.ts";
import { selftestErrors } from "./errors.ts";

/** Whether a saboteur says anything: no empty list, object or text does. */
function isSaboteur(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return typeof value === "string" ? value !== "" : typeof value === "function";
}

/**
 * A check without a saboteur is in no table. Returns the saboteur. @throws LL_SELFTEST_NO_SABOTEUR
 */
export function saboteurOf<T>(id: string, saboteur: T): T {
  if (isSaboteur(saboteur)) return saboteur;
  throw selftestErrors.make("LL_SELFTEST_NO_SABOTEUR", `${id} cannot be shown to fail.`);
}

/** Every case of the families, or those whose id is or begins with `only`. @throws LL_SELFTEST_UNKNOWN */
export function selectCases(
  families: readonly SelftestFamily[],
  context: SelftestContext,
  only?: string,
): readonly SelftestCase[] {
  const all = families.flatMap((family) => family.cases(context));
  const ids = new Set(all.map(({ id }) => id));
  if (ids.size !== all.length) throw new TypeError("two cases of the selftest have one id");
  if (only === undefined) return all;
  const some = all.filter(({ id }) => id === only || id.startsWith(`${only}.`));
  if (some.length > 0) return some;
  throw selftestErrors.make("LL_SELFTEST_UNKNOWN", `${only} is no check of this build.`);
}
