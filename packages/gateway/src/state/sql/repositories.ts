import type { Repositories } from "../repositories.ts";
import { auditRepository } from "./audit.ts";
import type { Asking } from "./database.ts";
import { authEventRepository, factRepository } from "./events.ts";
import { keyRepository } from "./keys.ts";
import { grantRepository, principalRepository, tenantRepository } from "./principals.ts";
import { budgetRepository, usageRepository } from "./usage.ts";

export function sqlRepositories(asking: Asking): Repositories {
  return {
    keys: keyRepository(asking),
    principals: principalRepository(asking),
    grants: grantRepository(asking),
    tenants: tenantRepository(asking),
    events: authEventRepository(asking),
    audit: auditRepository(asking),
    usage: usageRepository(asking),
    budgets: budgetRepository(asking),
    facts: factRepository(asking),
  };
}
