import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "@loadline/kit/errors";
import { isRecord, parseJson } from "@loadline/kit/json";
import type { Logger } from "@loadline/kit/logger";
import { replaceFile } from "@loadline/kit/whole-file";
import { isSame } from "../../snapshot/compare.ts";
import { type Candidate, checkFile } from "./candidate.ts";
import type { ModelsConfig } from "./config.ts";
import { ownFile } from "./views.ts";

/** The registered file that each in-process model was swapped to, kept over a restart. */
export interface ChosenFiles {
  /** Undefined for a target that serves its own file, `ownPath`. */
  of(target: string, ownPath: string): Candidate | undefined;
  /** Remembers what a target serves instead of `ownPath`; the file of name `configured` forgets it. */
  choose(target: string, ownPath: string, file: Candidate): void;
  /**
   * Goes over to these files: what a choice names is checked again where it is another now, or was
   * not usable. A model that serves already goes on with what it has. Whoever asked says in the end
   * whether that holds.
   */
  recheck(registered: ModelsConfig["registered"]): Promise<Rechecked>;
  /** Resolves when what was chosen is on the disk, or the log says why not. */
  written(): Promise<void>;
}

/** Files that were gone over to: one of the two ends it. */
export interface Rechecked {
  /** They hold: the log names each choice that is not followed. */
  keep(): void;
  /** They were refused: everything is as it was before. */
  undo(): void;
}

interface Choice {
  /** Name in `models.registered`. */
  readonly name: string;
  /** The target's own file at that time: another one is a newer wish than the swap. */
  readonly ownPath: string;
}

/** Its name in the state directory. */
export const chosenFile = "models.json";
const fileMode = 0o600;

/**
 * Reads what was chosen before and checks each file again: one that is no longer registered, or is
 * not the file of its SHA-256 any more, leaves the target with its own, and the log says so.
 */
export async function openChosen(
  stateDir: string,
  registered: ModelsConfig["registered"],
  logger: Logger,
): Promise<ChosenFiles> {
  const path = join(stateDir, chosenFile);
  const choices = await readChoices(path, logger);
  const chosen = new KeptChoices({ path, logger, choices, usable: new Map() });
  (await chosen.recheck(registered)).keep();
  return chosen;
}

interface Kept {
  readonly path: string;
  readonly logger: Logger;
  readonly choices: Map<string, Choice>;
  readonly usable: Map<string, Candidate>;
}

class KeptChoices implements ChosenFiles {
  readonly #o: Kept;
  #writing: Promise<void> = Promise.resolve();

  constructor(o: Kept) {
    this.#o = o;
  }

  of(target: string, ownPath: string): Candidate | undefined {
    const { choices, usable } = this.#o;
    return choices.get(target)?.ownPath === ownPath ? usable.get(target) : undefined;
  }

  choose(target: string, ownPath: string, file: Candidate): void {
    const { choices, usable } = this.#o;
    choices.delete(target);
    usable.delete(target);
    if (file.name !== ownFile) {
      choices.set(target, { name: file.name, ownPath });
      usable.set(target, file);
    }
    this.#writing = this.#writing.then(() => this.#write());
  }

  async recheck(registered: ModelsConfig["registered"]): Promise<Rechecked> {
    const { choices, usable, logger } = this.#o;
    const told: { readonly target: string; readonly name: string; readonly text: string }[] = [];
    const undone: (() => void)[] = [];
    for (const [target, choice] of choices) {
      const { name } = choice;
      const file = Object.hasOwn(registered, name) ? registered[name] : undefined;
      const candidate = file && { name, ...file };
      const before = usable.get(target);
      if (candidate && isSame(before, candidate)) continue;
      const check = candidate && (await checkFile(candidate)).check;
      // A swap meanwhile has checked its own.
      if (choices.get(target) !== choice) continue;
      const isGood = check?.outcome === "passed";
      setOrDelete(usable, target, isGood ? candidate : undefined);
      if (!isGood) told.push({ target, name, text: check?.detail ?? "not registered" });
      undone.push(() => {
        if (choices.get(target) === choice) setOrDelete(usable, target, before);
      });
    }
    return {
      keep: () => told.forEach((fields) => logger.warn("model.not_kept", fields)),
      undo: () => undone.forEach((run) => run()),
    };
  }

  written(): Promise<void> {
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { path, choices, logger } = this.#o;
    const failed = (cause: unknown): void => {
      const text = cause instanceof Error ? cause.message : String(cause);
      logger.error("model.not_kept", { path, text });
    };
    const text = `${JSON.stringify(Object.fromEntries(choices))}\n`;
    await replaceFile(path, text, { mode: fileMode, onSecond: failed }).catch(failed);
  }
}

function setOrDelete<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

async function readChoices(path: string, logger: Logger): Promise<Map<string, Choice>> {
  const choices = new Map<string, Choice>();
  try {
    const value = parseJson(await readFile(path, "utf8"));
    if (!isRecord(value)) throw new TypeError("no JSON object");
    for (const [target, one] of Object.entries(value)) {
      const { name, ownPath } = isRecord(one) ? one : {};
      if (typeof name !== "string" || typeof ownPath !== "string")
        throw new TypeError(`${target}: name and ownPath are wanted`);
      choices.set(target, { name, ownPath });
    }
  } catch (cause) {
    if (codeOf(cause, "") === "ENOENT") return choices;
    const text = cause instanceof Error ? cause.message : String(cause);
    logger.error("model.not_kept", { path, text });
  }
  return choices;
}
