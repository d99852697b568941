import { loadSchema } from "../../plan/manifest.ts";
import { targetLoads } from "../../target-load/target-load.ts";
import type { SelftestFamily } from "../case.ts";
import { casesOfJob } from "./load-profiles.ts";

/** A ladder and a soak, as short as their claims allow. */
const load = loadSchema.parse({ ladder: { users: [5, 20] }, soak: { minutes: 3 } });

/** What a ladder and a soak of a plan claim, each claim on a simulated target that breaks it. */
export const targetLoadFamily: SelftestFamily = {
  id: "plan",
  summary: "claims of a plan's ladder and soak, each on a target that breaks it",
  cases: () =>
    targetLoads({ load, target: { url: "http://127.0.0.1:9" }, confidence: 0.95 }).flatMap(
      ({ job }) => casesOfJob("plan", job),
    ),
};
