import {
  createGateway,
  type Gateway,
  type GatewayConfig,
  type GatewayDeps,
} from "@loadline/gateway";
import { LoadlineError } from "@loadline/kit/errors";

const startsMax = 5;

/** Opens a gateway; a store that a busy machine opens too slowly is tried again. */
export async function openGateway(config: GatewayConfig, deps: GatewayDeps): Promise<Gateway> {
  for (let start = 1; ; start++) {
    try {
      return await createGateway(config, deps);
    } catch (cause) {
      const isBusy = cause instanceof LoadlineError && cause.code === "LL_STATE_UNAVAILABLE";
      if (!isBusy || start >= startsMax) throw cause;
    }
  }
}
