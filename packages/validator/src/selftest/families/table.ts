import type { SelftestFamily } from "../case.ts";
import { falseVerdictRunFamily } from "./false-verdict-runs.ts";
import { falseVerdictFamily } from "./false-verdicts.ts";
import { lintRuleFamily } from "./lint-rules.ts";
import { loadCheckFamily } from "./load-checks.ts";
import { loadGuardFamily } from "./load-guards.ts";
import { loadProfileFamily } from "./load-profiles.ts";
import { loadStageFamily } from "./load-stage.ts";
import { probeGuardFamily } from "./probe-guards.ts";
import { stackProbeFamily } from "./stack-probes.ts";
import { targetLoadFamily } from "./target-loads.ts";
import { targetProbeFamily } from "./target-probes.ts";

/** Every family of checks; the only registry. A check that is in none is never shown to fail. */
export const selftestFamilies: readonly SelftestFamily[] = [
  falseVerdictFamily,
  falseVerdictRunFamily,
  lintRuleFamily,
  loadGuardFamily,
  loadCheckFamily,
  loadProfileFamily,
  loadStageFamily,
  targetLoadFamily,
  targetProbeFamily,
  probeGuardFamily,
  stackProbeFamily,
];
