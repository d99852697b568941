import type { LintRule } from "../types.ts";
import { approvedRule } from "./approved.ts";
import { bareRule } from "./bare.ts";
import { claimMathRule } from "./claim-math.ts";
import { conflictRule } from "./conflict.ts";
import { coverageRule } from "./coverage.ts";
import { denominatorRule } from "./denominator.ts";
import { durationRule } from "./duration.ts";
import { healthRule } from "./health.ts";
import { intervalRule } from "./interval.ts";
import { meanRule } from "./mean.ts";
import { missRule } from "./miss.ts";
import { pendingRule } from "./pending.ts";
import { precisionRule } from "./precision.ts";
import { projectionRule } from "./projection.ts";
import { rangeRule } from "./range.ts";
import { ratioRule } from "./ratio.ts";
import { secretRule } from "./secret.ts";
import { sectionsRule } from "./sections.ts";
import { smallSampleRule } from "./small-n.ts";
import { staleRule } from "./stale.ts";
import { sumRule } from "./sum.ts";
import { thresholdRule } from "./threshold.ts";
import { tickRule } from "./tick.ts";
import { unitRule } from "./unit.ts";
import { zeroRule } from "./zero.ts";

/** Every lint rule. The only registry: the lint, the selftest and the tests read it. */
export const lintRules: readonly LintRule[] = [
  sumRule,
  sectionsRule,
  durationRule,
  ratioRule,
  denominatorRule,
  meanRule,
  rangeRule,
  claimMathRule,
  intervalRule,
  precisionRule,
  smallSampleRule,
  zeroRule,
  missRule,
  thresholdRule,
  projectionRule,
  staleRule,
  approvedRule,
  tickRule,
  pendingRule,
  unitRule,
  conflictRule,
  healthRule,
  coverageRule,
  secretRule,
  bareRule,
];
