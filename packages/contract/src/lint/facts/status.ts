import type { Status } from "../types.ts";

const words: readonly (readonly [Status, string])[] = [
  [
    "good",
    "pass|passed|passes|passing|ok|okay|success|successful|succeeded|green|met|healthy|up|done|completed|complete|ready|approved|yes|go|achieved|fulfilled|verified|compliant|good|bestanden|erf\u00fcllt|true|implemented|operational|active|working|resolved|fixed|met target|within target",
  ],
  [
    "bad",
    "fail|failed|fails|failing|failure|ko|red|error|errors|errored|down|missed|broken|no|no-go|not met|not passed|not ok|not ready|unhealthy|rejected|breached|violated|exceeded|fehlgeschlagen|false|not_ready|crashed|non-compliant|nicht bestanden|nicht erf\u00fcllt|gescheitert|below target|above target|out of target",
  ],
  [
    "open",
    "pending|open|todo|to do|tbd|tba|not run|not tested|untested|not executed|not started|not done|not yet|skipped|partial|partially|partly|in progress|wip|blocked|unknown|inconclusive|not_tested|not_proven|not proven|warning|warn|deferred|offen|not verified|unverified|not measured|incomplete|planned|scheduled|ongoing|\u00fcbersprungen|ausstehend|nicht getestet|nicht gepr\u00fcft|nicht ausgef\u00fchrt|nicht gemessen|yellow|amber|inactive|disabled",
  ],
  [
    "neutral",
    "n/a|na|not applicable|not_applicable|waived|-|\u2013|\u2014|none|info|accepted|optional",
  ],
];

const byWord: ReadonlyMap<string, Status> = new Map(
  words.flatMap(([status, list]) => list.split("|").map((word) => [word, status] as const)),
);

const symbols: readonly (readonly [Status, RegExp])[] = [
  [
    "good",
    /^(?:\u2705|\u2714|\u2713|\u2611|\u{1f7e2}|\u{1f44d}|\u221a|:white_check_mark:|:heavy_check_mark:)/u,
  ],
  ["bad", /^(?:\u274c|\u2717|\u2718|\u2716|\u{1f534}|\u26d4|\u{1f6ab}|\u{1f44e}|:x:)/u],
  [
    "open",
    /^(?:\u26a0|\u{1f7e1}|\u{1f7e0}|\u23f3|\u231b|\u{1f6a7}|\u2b55|\u2610|\u{1f7e8}|\u{1f536}|\u2753|:warning:|:hourglass:)/u,
  ],
];

const sign =
  /^(?:(?:\p{Extended_Pictographic}|[\u2713-\u2718]|[\u2610-\u2612]|\u221a|\ufe0f|\u200d)+|:[a-z_]{1,30}:)\s*/u;

/** A status written as one word, symbol or both, perhaps with a remark behind; null for other text. */
export function statusOf(text: string): Status | null {
  const whole = text.trim().slice(0, 200);
  if (whole === "") return null;
  const symbol = symbols.find(([, pattern]) => pattern.test(whole))?.[0] ?? null;
  const rest = whole.replace(sign, "").trim().toLowerCase();
  const spoken = spokenStatus(rest);
  if (symbol === null) return spoken;
  // "warning sign, passed" is what the words say; a symbol with a description keeps its meaning.
  return rest === "" ? symbol : (worse(symbol, spoken) ?? symbol);
}

function spokenStatus(text: string): Status | null {
  const plain = text.replace(/[.!]+$/, "");
  const direct = byWord.get(plain);
  if (direct !== undefined) return direct;
  const head = /^[^([,;:\u2013\u2014]{1,40}/.exec(plain)?.[0].replace(/ -$/, "").trim() ?? "";
  if (head === "" || head === plain) return null;
  const first = head.split(" - ")[0]?.trim() ?? "";
  return byWord.get(head) ?? byWord.get(first) ?? null;
}

const order: readonly (Status | null)[] = ["bad", "open", "neutral", "good", null];

/** The worse of two, for a cell that says both. */
function worse(a: Status | null, b: Status | null): Status | null {
  return order.indexOf(a) < order.indexOf(b) ? a : b;
}
