import { Collector, exactOf, quoteField } from "../finding.ts";
import type { Field, LintRule, Report, Row, RuleResult } from "../types.ts";

const partsName =
  /\b(?:replicas?|pods?|instances?|nodes?|workers?|targets?|brokers?|shards?|healthy|running|active|up|ready|available|members?|endpoints?|backends?|consumers?|nodes up)\b/i;
const deadName =
  /^(?:inactive|unhealthy|down|dead|offline|missing|unavailable|crashed|not ready|stopped)(?: (?:replicas?|pods?|instances?|nodes?|workers?|targets?|members?|components?|services?))?$/i;
const wordsOk =
  /^\W*(?:ok|healthy|up|green|running|ready|good|pass(?:ed)?|operational|active|available)\b|[\u2705\u2714\u2713\u{1f7e2}]/iu;

function inactiveIn(row: Row, status: Field): Field | undefined {
  return row.fields.find((field) => {
    if (deadName.test(field.name)) return (exactOf(field)?.value ?? 0) > 0;
    const [share, second] = field.amounts;
    if (share?.of === undefined || second !== undefined || field.role === "target") return false;
    const isNamed = partsName.test(field.name) || partsName.test(field.cell.text);
    return field !== status && isNamed && share.value < share.of;
  });
}

function run(report: Report): RuleResult {
  const out = new Collector("health", "contradiction");
  for (const row of report.grids.flatMap((grid) => grid.rows)) {
    const status = row.fields.find((one) => one.status === "good" && wordsOk.test(one.cell.text));
    if (status === undefined || row.label === "") continue;
    const counted = row.fields.filter(
      (one) =>
        deadName.test(one.name) || (one.amounts[0]?.of !== undefined && partsName.test(one.name)),
    );
    out.check(...counted.flatMap((one) => one.amounts));
    const field = inactiveIn(row, status);
    const [share] = field?.amounts ?? [];
    if (field === undefined || share === undefined) continue;
    const dead = share.of === undefined ? share.value : share.of - share.value;
    out.add({
      message: `"${row.label}" is ${status.cell.text} with ${dead} of its parts not active`,
      recomputed: `${dead} not active`,
      quotes: [quoteField(row, status), quoteField(row, field)],
    });
  }
  return out;
}

export const healthRule: LintRule = {
  id: "health",
  summary: "`ok` beside parts that are not active",
  level: "contradiction",
  saboteur: {
    text: "| Service | Replicas | Status |\n|---|---|---|\n| gateway | 2/3 | healthy |\n| redis | 3/3 | healthy |\n",
    clean:
      "| Service | Replicas | Status |\n|---|---|---|\n| gateway | 3/3 | healthy |\n| redis | 3/3 | healthy |\n",
  },
  run,
};
