import type { ExecContext } from "../../engine/exec.ts";
import type { Scenario } from "../../scenario-types.ts";
import { scenarioSeed } from "../../schedule/arrivals.ts";
import { importExport } from "../import-module.ts";
import { createGeneratedFeed, createTableFeed, type Feed } from "./feed.ts";

/**
 * The feeder of a scenario in this worker; null for one without. Its order comes from the feeder's
 * name and the plan's seed. Rejects with LL_LOAD_SCENARIO_IMPORT for a generator that is none.
 */
export async function openFeed(
  scenario: Pick<Scenario, "feed">,
  { plan }: Pick<ExecContext, "plan">,
): Promise<Feed | null> {
  const name = scenario.feed;
  const feed = name === undefined ? undefined : plan.feeds?.[name];
  if (name === undefined || feed === undefined) return null;
  const seed = scenarioSeed(plan.seed, `feed:${name}`);
  if (feed.table !== null) return createTableFeed(feed, feed.table, seed);
  const { file = "", export: wanted = "" } = feed.generator ?? {};
  const make = await importExport({ folder: plan.folder ?? "", file, export: wanted });
  return createGeneratedFeed(feed, (index, random) => make(index, random), seed);
}
