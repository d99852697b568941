import { nearest } from "@loadline/kit/nearest";
import { loadErrors } from "../errors.ts";
import { baseline } from "./baseline.ts";
import { levelProfiles, levelsProfile } from "./levels.ts";
import { mix50 } from "./mix-50.ts";
import { mixOpen } from "./mix-open.ts";
import { mixRamps } from "./mix-ramps.ts";
import type { LoadProfile } from "./profile.ts";
import { quotaBurst } from "./quota-burst.ts";
import { rooms } from "./rooms.ts";
import { smoke } from "./smoke.ts";
import { soak } from "./soak.ts";
import { users1000 } from "./users-1000.ts";

/** The one table of built-in profiles. */
export const loadProfiles: readonly LoadProfile[] = [
  smoke,
  mix50,
  mixOpen,
  mixRamps,
  levelsProfile,
  ...levelProfiles,
  baseline,
  users1000,
  quotaBurst,
  rooms,
  soak,
];

/** The profile of a name. @throws LL_LOAD_PLAN_INVALID with the nearest name. */
export function findProfile(name: string): LoadProfile {
  const found = loadProfiles.find(({ id }) => id === name);
  if (found !== undefined) return found;
  const names = loadProfiles.map(({ id }) => id);
  const best = nearest(name, names);
  const hint = best === null ? `known: ${names.join(", ")}.` : `did you mean "${best}"?`;
  throw loadErrors.make("LL_LOAD_PLAN_INVALID", `profile ${name} is unknown; ${hint}`);
}
