import { bindingsPage } from "./bindings.ts";
import { cliPage } from "./cli.ts";
import { configPage } from "./config.ts";
import { errorsPage } from "./errors.ts";
import { loadPage } from "./load.ts";
import { metricsPage } from "./metrics.ts";
import { openApiText } from "./open-api.ts";
import { performancePage } from "./performance.ts";
import { permissionsPage } from "./permissions.ts";
import { schemaFiles } from "./schemas.ts";

/** Every generated page: its path below the root and its text. */
export async function referencePages(root: string): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["docs/reference/checklist-bindings.md", bindingsPage(root)],
    ["docs/reference/cli.md", cliPage()],
    ["docs/reference/config.md", configPage()],
    ["docs/reference/errors.md", await errorsPage(root)],
    ["docs/reference/load.md", loadPage()],
    ["docs/reference/metrics.md", metricsPage()],
    ["docs/reference/openapi.json", openApiText()],
    ["docs/reference/performance.md", performancePage(root)],
    ["docs/reference/permissions.md", permissionsPage()],
    ...schemaFiles(),
  ]);
}
