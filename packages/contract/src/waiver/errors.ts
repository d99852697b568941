import { refused } from "../error-row.ts";

/** Codes of waivers, of claims said to be not applicable, and of gates. */
export const waiverErrors = {
  LL_WAIVER_SHAPE: refused(
    "A waiver lacks a key, has one too many, or a value of the wrong form.",
    "Give claim, covers, reason, owner, approvedBy, created, expires, target and link.",
  ),
  LL_WAIVER_CLAIM: refused(
    "A waiver names a claim the plan does not have.",
    "Use the exact id printed by `loadline plan`.",
  ),
  LL_WAIVER_APPROVER: refused(
    "A waiver is approved by its own owner.",
    "Let another person approve it.",
  ),
  LL_WAIVER_EXPIRY: refused(
    "A waiver ends before it begins, or lasts more than 90 days.",
    "Set expires to a day at most 90 days after created.",
  ),
  LL_WAIVER_REFUSED: refused(
    "Claims of integrity and of zero loss cannot be waived.",
    "Remove the waiver; only evidence decides this claim.",
  ),
  LL_WAIVER_DUPLICATE: refused("Two entries are about the same claim.", "Keep one of them."),
  LL_GATE_SHAPE: refused(
    "A gate lacks a key, has one too many, or a value of the wrong form.",
    'Give id, minScore and one of category, group or claims; ratios as 0.95 or "95 %".',
  ),
  LL_PLAN_NA_CONTRADICTED: refused(
    "A claim is said to be not applicable, but the plan declares the feature.",
    "Remove the entry, or the feature from the target's declaration.",
  ),
} as const;
