import type { GatewayConfig } from "../config/schema.ts";
import { cadencesOf } from "./cadences.ts";
import { groupTargets } from "./config.ts";
import { breakerSettingsOf } from "./states.ts";

const aloneRate = 0.5;

/** What a configuration may do though it is seldom meant; one sentence each. */
export function routingWarnings(config: GatewayConfig): string[] {
  const warnings: string[] = [];
  const { openFor, openForMax } = config.breaker;
  if (openFor > openForMax)
    warnings.push(
      `breaker.openForMax (${openForMax} ms) is below openFor (${openFor} ms) and has no effect.`,
    );
  for (const [name, { groups, backup, hedge, resume }] of Object.entries(config.routes)) {
    const targets = groupTargets({ groups });
    if (targets.length === 1 && (hedge !== "off" || resume !== "off"))
      warnings.push(`routes.${name} has one target, so nothing is hedged or resumed at another.`);
    const [only] = targets;
    if (targets.length === 1 && only !== undefined) {
      const { rate } = breakerSettingsOf(config, only);
      if (rate < aloneRate)
        warnings.push(
          `routes.${name} has one target, ${only}, whose breaker opens above ${rate * 100} % ` +
            `failures: then nothing answers. Add a target, or set targets.${only}.breaker.rate.`,
        );
    }
    if (backup !== "off" && targets.length < backup.min)
      warnings.push(
        `routes.${name}.backup.min is ${backup.min}, but the route has ${targets.length} targets.`,
      );
  }
  const pooled = cadencesOf(config);
  for (const [name, target] of Object.entries(config.targets))
    if (target["standby"] === true && !pooled.has(name))
      warnings.push(`targets.${name} is a standby, but no route with a backup pool names it.`);
  return warnings;
}
