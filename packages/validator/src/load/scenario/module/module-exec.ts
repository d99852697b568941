import { isRecord } from "@loadline/kit/json";
import type { Exec, ExecContext } from "../../engine/exec.ts";
import type { Scenario } from "../../scenario-types.ts";
import { openFeed } from "../feed/open-feed.ts";
import { importModule, importRefused, isFunction, type ModuleFunction } from "../import-module.ts";
import { turnsOf } from "../sessions.ts";
import { createReport } from "../report.ts";
import { createModuleContext } from "./module-context.ts";
import { ModuleVu } from "./module-vu.ts";

/** The Exec of a scenario whose iterations are a function of a module, imported in this thread. */
export async function createModuleExec(scenario: Scenario, context: ExecContext): Promise<Exec> {
  const { exec } = scenario;
  if (exec?.kind !== "module") throw new TypeError(`${context.name} has no module`);
  const run = await findFunction(exec, context);
  const feed = await openFeed(scenario, context);
  const report = createReport(context, feed);
  const shared = createModuleContext(scenario, context, {
    feed,
    report,
    turns: turnsOf(scenario),
  });
  const users: ModuleVu[] = [];
  return {
    start(it, ended) {
      const id = it.vu * context.workers + context.worker;
      const user = (users[it.vu] ??= new ModuleVu(shared, id, run));
      user.start(it, ended);
    },
    close: async () => await shared.services.close(),
  };
}

/**
 * The function an export means: itself, or, of a definition, the scenario's of this name.
 * Rejects with LL_LOAD_SCENARIO_IMPORT.
 */
async function findFunction(
  exec: { readonly file: string; readonly export: string },
  { name, plan }: ExecContext,
): Promise<ModuleFunction> {
  const module = await importModule(plan.folder ?? "", exec.file);
  const [wanted = "", part] = exec.export.split("/");
  const found: unknown = Reflect.get(module, wanted);
  const meant = isRecord(found) ? functionOf(found, name, part) : found;
  if (isFunction(meant)) return meant;
  const names = Object.keys(module).join(", ");
  throw importRefused(
    exec.file,
    `exports no function ${exec.export} for ${name}, but ${names === "" ? "nothing" : names}`,
  );
}

/** `exec` of a scenario of a definition, or of a part of its mix. */
function functionOf(definition: object, scenario: string, part: string | undefined): unknown {
  const scenarios: unknown = Reflect.get(definition, "scenarios");
  const one = isRecord(scenarios) ? scenarios[scenario] : undefined;
  if (!isRecord(one)) return undefined;
  if (part === undefined) return one["exec"];
  const mix = one["mix"];
  const kind = isRecord(mix) ? mix[part] : undefined;
  return isRecord(kind) ? kind["exec"] : undefined;
}
