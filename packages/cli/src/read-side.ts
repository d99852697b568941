import type { DiffSide } from "@loadline/contract";
import { readBundle, readStoredRun } from "@loadline/validator";

/** Plan, records and verdict of a stored run. @throws LL_BUNDLE_READ */
export async function readSide(path: string): Promise<DiffSide> {
  return readStoredRun(await readBundle(path), path);
}
