import { stringify } from "yaml";
import { availabilityGroup } from "./availability.ts";
import { conditionGroup } from "./conditions.ts";
import { type AlertRule, type RuleGroup, secondMs } from "./rule.ts";
import { watchedGroup } from "./watched.ts";

/** What a rules file is made for. */
export interface RulesOptions {
  /** Percent of model calls that are promised to succeed, 95 to 99.99. */
  readonly objective: number;
  /** Name of the scrape job. */
  readonly job: string;
  /** Every alert waits this long instead of its own time, ms; for trying the way to the pager. */
  readonly holdMs?: number | undefined;
}

/** All groups, in the order they are printed. */
export function ruleGroups({ objective, job }: RulesOptions): readonly RuleGroup[] {
  return [watchedGroup, conditionGroup(job), availabilityGroup(objective)];
}

/** The rules as Prometheus reads them, as an object. */
export function rulesDocument(o: RulesOptions): { readonly groups: readonly object[] } {
  const groups = ruleGroups(o).map(({ name, recordings, alerts }) => ({
    name,
    rules: [...recordings, ...alerts.map((rule) => alertDocument(rule, o.holdMs))],
  }));
  return { groups };
}

/** The rules as a file for `rule_files` of Prometheus. */
export function rulesFile(o: RulesOptions): string {
  return `# Written by loadline slo compile; made again, not edited.\n${stringify(rulesDocument(o), { lineWidth: 0 })}`;
}

function alertDocument(rule: AlertRule, givenMs: number | undefined): object {
  const holdMs = givenMs ?? rule.holdMs;
  return {
    alert: `Loadline${rule.name}`,
    expr: rule.expr,
    ...(holdMs > 0 && { for: `${Math.ceil(holdMs / secondMs)}s` }),
    labels: { severity: rule.severity },
    annotations: { summary: rule.summary, remedy: rule.remedy },
  };
}
