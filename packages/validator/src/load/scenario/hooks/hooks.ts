import type { Clock } from "@loadline/kit/clock";
import { codeOf } from "@loadline/kit/errors";
import { loadErrors } from "../../errors.ts";
import type { ModuleRef } from "../../plan/module-ref.ts";
import type { LoadPlan, MissingStep } from "../../types.ts";
import { importModule, importRefused, isFunction, type ModuleFunction } from "../import-module.ts";
import { valueAt } from "../json-path.ts";
import { createModuleContext } from "../module/module-context.ts";
import { ModuleVu } from "../module/module-vu.ts";
import { createLoneContext } from "./lone-context.ts";
import { probeSteps } from "./probe.ts";

/** What happens around a run, outside of its figures. */
export interface Hooks {
  /** Runs `setup`; what it returned, as JSON. Rejects with LL_LOAD_HOOK or LL_LOAD_SCENARIO_IMPORT. */
  setup(): Promise<unknown>;
  /** Sends each step once. */
  probe(setup: unknown): Promise<readonly MissingStep[]>;
  /** Runs `teardown`. Rejects with LL_LOAD_HOOK. */
  teardown(setup: unknown): Promise<void>;
  close(): Promise<void>;
}

/** Longest time of a hook; k6's default. */
const hookMsMax = 60_000;
const requestsMax = 100_000;
const resultBytesMax = 16 * 1024 * 1024;

/** Hooks that run in this thread. */
export function createHooks(plan: LoadPlan, clock: Clock, event: (text: string) => void): Hooks {
  const run = async (hook: "setup" | "teardown", setup: unknown): Promise<unknown> => {
    const ref = plan.hooks?.[hook];
    if (ref === undefined) return undefined;
    return await runHook(hook, ref, { plan: { ...plan, setup }, clock, event });
  };
  return {
    setup: async () => asJson(await run("setup", undefined)),
    probe: async (setup) => await probeSteps({ ...plan, setup }, clock, event),
    teardown: async (setup) => void (await run("teardown", setup)),
    close: async () => await Promise.resolve(),
  };
}

async function runHook(
  hook: string,
  ref: ModuleRef,
  { plan, clock, event }: { plan: LoadPlan; clock: Clock; event: (text: string) => void },
): Promise<unknown> {
  const run = await findHook(ref, plan.folder ?? "");
  using lone = createLoneContext({
    plan,
    clock,
    name: hook,
    event,
    ended: () => undefined,
    isProbe: false,
    requestsMax,
  });
  const report = {
    checked: () => undefined,
    fault: (error: unknown) => event(error instanceof Error ? error.message : String(error)),
  };
  const shared = createModuleContext({}, lone.context, { feed: null, report, turns: 0 });
  const late = Promise.withResolvers<never>();
  const timer = clock.after(hookMsMax, () =>
    late.reject(loadErrors.make("LL_LOAD_HOOK", `${hook} took more than ${hookMsMax / 1000} s.`)),
  );
  try {
    const vu = new ModuleVu(shared, 0, run);
    return await Promise.race([Promise.resolve().then(() => run(vu)), late.promise]);
  } catch (cause) {
    if (codeOf(cause) === "LL_LOAD_HOOK") throw cause;
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw loadErrors.make(
      "LL_LOAD_HOOK",
      `${hook} failed: ${scrubbed(why, plan).replace(/\.$/, "")}.`,
      { cause },
    );
  } finally {
    timer.cancel();
    await shared.services.close();
  }
}

function scrubbed(text: string, plan: LoadPlan): string {
  const secrets = [
    ...Object.values(plan.secrets ?? {}),
    plan.target.apiKey ?? "",
    ...Object.values(plan.target.keys ?? {}),
  ];
  return secrets.reduce((clean, one) => (one === "" ? clean : clean.replaceAll(one, "***")), text);
}

/** `./file.ts#fn`, or `./file.ts#load/setup` of a definition. */
async function findHook(ref: ModuleRef, folder: string): Promise<ModuleFunction> {
  const module = await importModule(folder, ref.file);
  const [name = "", member] = ref.export.split("/");
  const found: unknown = Reflect.get(module, name);
  const meant = isFunction(found) ? found : valueAt(found, member ?? "setup");
  if (isFunction(meant)) return meant;
  throw importRefused(ref.file, `exports no function ${ref.export}`);
}

/** What crosses to other threads is what JSON keeps, the same in every worker. */
function asJson(value: unknown): unknown {
  if (value === undefined) return null;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw loadErrors.make("LL_LOAD_HOOK", "setup returned what JSON cannot hold.", { cause });
  }
  if (text === undefined) throw loadErrors.make("LL_LOAD_HOOK", "setup returned no JSON value.");
  if (text.length > resultBytesMax) {
    throw loadErrors.make("LL_LOAD_HOOK", `setup returned more than ${resultBytesMax} bytes.`);
  }
  const plain: unknown = JSON.parse(text);
  return plain;
}
