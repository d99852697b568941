import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import { isRecord } from "@loadline/kit/json";
import { meant } from "@loadline/kit/nearest";
import { loadErrors } from "../errors.ts";
import { inspectModule } from "../scenario/inspect/inspect.ts";
import type { Inspected } from "../scenario/inspect/inspect-thread.ts";
import { valueAt } from "../scenario/json-path.ts";
import type { Faults } from "./faults.ts";
import type { ModuleRef } from "./module-ref.ts";

/** Modules a plan names: each is read and inspected once. */
export class Modules {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #known = new Map<string, Promise<Inspected>>();

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /**
   * The digest (SHA-256, hex) of the module that has this function; `scenario` names it within a
   * definition. Rejects with LL_LOAD_SCENARIO_IMPORT, naming path and line.
   */
  async find(
    ref: ModuleRef,
    scenario: string | null,
    path: readonly PropertyKey[],
    faults: Faults,
  ): Promise<string> {
    const refused = (what: string, cause?: unknown): Error =>
      loadErrors.make("LL_LOAD_SCENARIO_IMPORT", faults.line(path, what), { cause });
    let text: Buffer;
    try {
      text = await readFile(resolve(this.#folder, ref.file));
    } catch (cause) {
      const why = cause instanceof Error ? (cause.message.split(",")[0] ?? "") : String(cause);
      throw refused(`${ref.file}: ${why}`, cause);
    }
    const seen = await this.#inspect(ref.file).catch((cause: unknown) => {
      throw refused(cause instanceof Error ? cause.message : String(cause), cause);
    });
    if (!hasFunction(seen, ref.export, scenario)) {
      const hint = meant(ref.export, seen.functions);
      throw refused(`${ref.file} exports no function ${ref.export}.${hint}`);
    }
    return createHash("sha256").update(text).digest("hex");
  }

  #inspect(file: string): Promise<Inspected> {
    const known = this.#known.get(file);
    if (known !== undefined) return known;
    const seen = inspectModule(this.#folder, file, this.#clock);
    this.#known.set(file, seen);
    return seen;
  }
}

/** Functions of definitions were replaced by references: texts with a `#`. */
function hasFunction(seen: Inspected, wanted: string, scenario: string | null): boolean {
  if (seen.functions.includes(wanted)) return true;
  const [name = "", part] = wanted.split("/");
  const definition = seen.definitions[name];
  if (!isRecord(definition)) return false;
  if (scenario === null) return isReference(valueAt(definition, part ?? "setup"));
  const scenarios: unknown = definition["scenarios"];
  if (!isRecord(scenarios)) return false;
  if (part === undefined) return isReference(valueAt(scenarios[scenario], "exec"));
  const mixes = Object.values(scenarios).map((one) => valueAt(one, `mix.${part}.exec`));
  return mixes.some(isReference);
}

const isReference = (value: unknown): boolean => typeof value === "string" && value.includes("#");
