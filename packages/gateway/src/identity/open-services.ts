import type { Clock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import type { Random } from "@loadline/kit/random";
import { openAuditLog } from "../audit-log/open.ts";
import type { GatewayConfig } from "../config/schema.ts";
import { sqlUrl } from "../state/config.ts";
import { openStore } from "../state/open-store.ts";
import { openState } from "../state/state.ts";
import { createIdentityServices, type IdentityServices } from "./identity.ts";
import { checkPepper, openPeppers, type PepperStatus, pepperStatus } from "./peppers.ts";
import { untilAnswers } from "./wire.ts";

export interface OpenedServices extends IdentityServices, AsyncDisposable {
  /** How many secrets stand under each pepper: how far its rotation has come. */
  peppers(): Promise<readonly PepperStatus[]>;
}

/**
 * Keys, users, roles and tenants of a configuration's store, beside a gateway that may run on it:
 * what changes here is known there within 1 s. Who can open the store is its operator.
 */
export async function openIdentityServices(
  config: Pick<GatewayConfig, "stateDir" | "stores" | "auditLog" | "auth">,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Promise<OpenedServices> {
  const state = openState(config.stateDir, { clock, random });
  try {
    const store = await openStore(sqlUrl(config.stores.sql), { clock, dir: config.stateDir });
    await untilAnswers(store, clock);
    const { heads: _, ...auditLog } = config.auditLog;
    const audit = openAuditLog(auditLog, {
      clock,
      random,
      logger: createLogger({ clock, write: () => undefined, level: "silent" }),
      metrics: createMetrics(),
      repositories: store.repositories,
      stateDir: config.stateDir,
    });
    const peppers = openPeppers(config.auth.peppers, state.pepper);
    await checkPepper(store.repositories.facts, peppers);
    const services = await createIdentityServices({ store, peppers, clock, random, audit });
    return {
      ...services,
      peppers: () => pepperStatus(store.repositories.keys, peppers, Math.floor(clock.wallMs())),
      async [Symbol.asyncDispose]() {
        await audit.end();
        await store.close();
        state.close();
      },
    };
  } catch (cause) {
    state.close();
    throw cause;
  }
}
