import { openApiDocument } from "../../packages/gateway/src/admin/open-api.ts";
import { adminRoutes } from "../../packages/gateway/src/admin/surfaces/table.ts";

/** The admin API's document, the same that a gateway serves at /admin/openapi.json. */
export function openApiText(): string {
  return `${JSON.stringify(openApiDocument(adminRoutes), null, 2)}\n`;
}
