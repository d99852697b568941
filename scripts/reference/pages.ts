import { cliPage } from "./cli.ts";
import { errorsPage } from "./errors.ts";

/** Every generated page: its path below the root and its text. */
export async function referencePages(root: string): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["docs/reference/cli.md", cliPage()],
    ["docs/reference/errors.md", await errorsPage(root)],
  ]);
}
