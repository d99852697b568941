import { importExport } from "../../scenario/import-module.ts";
import type { LoadPlan } from "../../types.ts";
import type { TokenCounter } from "./stream-reader.ts";

/**
 * The plan's tokenizer as a function of a module, null without one. Counts -1, unknown, for a text it
 * throws at or gives no count of; `fault` is told of the first such text. Rejects with
 * LL_LOAD_SCENARIO_IMPORT.
 */
export async function importTokenizer(
  plan: Pick<LoadPlan, "folder"> & { readonly target: Pick<LoadPlan["target"], "tokenizer"> },
  fault: (text: string) => void,
): Promise<TokenCounter | null> {
  const ref = plan.target.tokenizer;
  if (ref === undefined) return null;
  const count = await importExport({ ...ref, folder: plan.folder ?? "." });
  let isTold = false;
  const tell = (what: string): number => {
    if (!isTold) fault(`The tokenizer ${ref.file} ${what}: such tokens are unknown.`);
    isTold = true;
    return -1;
  };
  return (text) => {
    try {
      const tokens = count(text);
      const isCount = typeof tokens === "number" && Number.isSafeInteger(tokens) && tokens >= 0;
      return isCount ? tokens : tell("gives no count of a text");
    } catch (error) {
      return tell(`throws (${error instanceof Error ? error.message : String(error)})`);
    }
  };
}
