import type { Role } from "../types.ts";

const noun =
  "(?:tests?|test ?cases?|cases|checks|runs|requests|samples|attempts|trials|probes|scenarios|items|calls|specs|suites|jobs|messages|records|steps|assertions|queries|claims|drills|pr\u00fcfungen|testf\u00e4lle|f\u00e4lle|anfragen)";

/** First match wins; a name is lower case without its unit in brackets. */
const patterns: readonly (readonly [Role, RegExp])[] = [
  [
    "change",
    /\b(?:change|delta|diff|difference|improvement|vs\.?|trend|previous|before|baseline|last run)\b|\u0394/,
  ],
  [
    "target",
    /\b(?:targets?|thresholds?|limits?|slo|sla|goals?|objectives?|required|requirement|expected|budget|criteri(?:on|a)|acceptance|allowed|soll)\b/,
  ],
  ["quantile", /\bp\d{2}(?:[.,]\d{1,3})?\b|\bpercentile\b|\bmedian\b/],
  [
    "badRate",
    /\b(?:error|failure|fail|failed|bad|loss|drop)s?[ -]?(?:rate|ratio|share|%|percent(?:age)?)(?!\w)|fehlerquote|% ?(?:errors?|failed)/,
  ],
  [
    "rate",
    /\b(?:pass|passed|success|ok|completion|availability)[ -]?(?:rate|ratio|share|%|percent(?:age)?)(?!\w)|^(?:%|percent(?:age)?|rate|success|pass %|quote|erfolgsquote)$|% ?(?:passed|success|pass|ok)/,
  ],
  ["score", /\b(?:score|rating|grade|readiness)\b/],
  ["weight", /\bweights?\b|\bweighting\b/],
  [
    "duration",
    /\b(?:duration|elapsed|time taken|run ?time|took|minutes|dauer)\b|^(?:time|hours|seconds)$/,
  ],
  [
    "status",
    /\b(?:status|verdict|state|outcome|conclusion|assessment)\b|^(?:pass\?|met\?|ok\?|passed\?|met|pass\/fail|done\?|go\/no-go|ready|ready\?|ergebnis)$/,
  ],
  ["date", /\b(?:date|as of|measured on|run on|when|datum|timestamp)\b/],
  [
    "open",
    new RegExp(
      `^(?:(?:total|number of|# ?of|num|tests?) )?(?:skipped|skips?|ignored|pending|not[ _]run|not[ _]tested|untested|warnings?|warned|blocked|inconclusive|disabled|open|cancell?ed|n/a|not[ _]applicable|xfail(?:ed)?|xpass(?:ed)?|todo|aborted|interrupted|timed?[ -]?outs?|flaky|unstable|reruns?|retried|deselected|quarantined|others?|\u00fcbersprungen)(?: ${noun})?$`,
    ),
  ],
  [
    "failed",
    new RegExp(
      `^(?:(?:total|number of|# ?of|num|tests?) )?(?:failed|fail|fails|failing|failures?|errors?|errored|bad|red|unsuccessful|fehlgeschlagen|fehler)(?: ${noun})?$`,
    ),
  ],
  [
    "passed",
    new RegExp(
      `^(?:(?:total|number of|# ?of|num|tests?) )?(?:passed|pass|passes|passing|ok|success(?:es|ful)?|succeeded|green|bestanden|good)(?: ${noun})?$`,
    ),
  ],
  [
    "total",
    new RegExp(
      `^(?:(?:total|number of|# ?of|num|all|overall)(?: ${noun})?|${noun}(?: (?:run|total|executed|sent))?|count|n|executed|sent|gesamt|anzahl)$`,
    ),
  ],
  ["value", /\b(?:results?|actual|measured|observed|values?|achieved|current|reading|found|ist)\b/],
];

/** What a column or key of this name holds. */
export function roleOf(name: string): Role {
  const plain = name
    .slice(0, 120)
    .toLowerCase()
    .replace(/\([^()]{0,60}\)|\[[^[\]]{0,60}\]/g, " ")
    .replace(/[:*?]+$/, "")
    .replace(/^[\p{Extended_Pictographic}\ufe0f\s]+/u, "")
    .replace(/\s+/g, " ")
    .trim();
  if (plain === "" || plain === "#") return plain === "#" ? "total" : "other";
  return patterns.find(([, pattern]) => pattern.test(plain))?.[0] ?? "other";
}

const totalWord =
  /^(?:grand |sub ?|overall )?total(?:s)?(?: \w{1,20})?$|^(?:sum|overall|all|combined|summe|gesamt|insgesamt|\u03a3|average|mean|avg|weighted average|overall (?:score|average|mean|result|readiness))$/;

/** Whether a row of this label sums up the others. */
export function isTotalLabel(label: string): boolean {
  return totalWord.test(
    label
      .toLowerCase()
      .replace(/[:*]+$/, "")
      .trim(),
  );
}

/** Whether a column of this name has the extreme of its rows in its total, and no sum. */
export function isExtreme(name: string): boolean {
  return /\b(?:slowest|fastest|longest|shortest|worst|best|peak|highest|lowest|largest|smallest|latest|earliest|oldest|newest)\b|langsamst|schnellst|l\u00e4ngst|k\u00fcrzest|h\u00f6chst/i.test(
    name,
  );
}

/** Whether it is a mean of the others and no sum. */
export function isMeanLabel(label: string): boolean {
  return /\b(?:average|mean|avg)\b/i.test(label);
}
