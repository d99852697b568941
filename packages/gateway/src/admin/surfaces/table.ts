import type { AdminRoute } from "../route.ts";
import { keyRoutes } from "./keys.ts";
import { modelRoutes } from "./models.ts";
import { recordRoutes } from "./records.ts";
import { settingRoutes } from "./settings.ts";
import { tenantRoutes } from "./tenants.ts";
import { trafficRoutes } from "./traffic.ts";
import { userRoutes } from "./users.ts";

/** Every operation of the admin API, in the order of its documents. The only list of them. */
export const adminRoutes: readonly AdminRoute[] = [
  ...keyRoutes,
  ...userRoutes,
  ...tenantRoutes,
  ...trafficRoutes,
  ...modelRoutes,
  ...recordRoutes,
  ...settingRoutes,
];
