import type { Logger } from "@loadline/kit/logger";
import type { Metrics } from "@loadline/kit/metrics";
import type { AuditSink } from "../../audit-log/events.ts";
import { gatewayErrors } from "../../errors.ts";
import { everyTenant } from "../../identity/authorize.ts";
import { isSame } from "../../snapshot/compare.ts";
import type { ChosenFiles } from "./chosen.ts";
import type { ModelsConfig } from "./config.ts";
import { createSwapMetrics, type SwapMetrics } from "./metrics.ts";
import type { ModelSlot } from "./slot.ts";
import { ownFile, type SlotView } from "./views.ts";

/** Swaps of a gateway's in-process models, wherever their hosts are kept. */
export interface ModelSwaps {
  list(): Promise<readonly SlotView[]> | readonly SlotView[];
  /**
   * Loads the file registered as `to` and switches the target to it. Rejects like `ModelSlot.swap`,
   * with LL_OBJECT_UNKNOWN for a target that is no such model, LL_BODY_FIELD for an unknown file.
   */
  swap(target: string, to: string): Promise<SlotView>;
  /** Rejects with LL_MODEL_ROLLBACK_NONE, LL_MODEL_ROLLBACK_DOWN or LL_OBJECT_UNKNOWN. */
  rollback(target: string): Promise<SlotView>;
  /** The breaker of a target opened: within `rollbackFor` of a swap that undoes it. */
  tripped(target: string): void;
}

export interface SwapsDeps {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly audit: AuditSink;
  /** Of now, oldest first. */
  slots(): readonly ModelSlot[];
  models(): ModelsConfig;
  /** Keeps over a restart what was swapped; absent: nothing is. */
  readonly chosen?: ChosenFiles | undefined;
}

const system = { id: "gateway", kind: "internal", via: "internal", credential: "" } as const;

export function createSwaps(deps: SwapsDeps): ModelSwaps {
  return new LocalSwaps(deps);
}

class LocalSwaps implements ModelSwaps {
  readonly #deps: SwapsDeps;
  readonly #metrics: SwapMetrics;

  constructor(deps: SwapsDeps) {
    this.#deps = deps;
    this.#metrics = createSwapMetrics(deps.metrics);
  }

  list(): readonly SlotView[] {
    return this.#deps.slots().map((slot) => this.#viewOf(slot));
  }

  async swap(target: string, to: string): Promise<SlotView> {
    const slot = this.#slotOf(target);
    const { registered, rollbackFor } = this.#deps.models();
    const file = to === ownFile ? { path: slot.ownPath } : registeredFile(registered, to);
    // A reload may have opened the target anew, or registered another file, while this one is tried.
    const isStillWanted = (): boolean =>
      this.#find(target) === slot &&
      (to === ownFile || isSame(this.#deps.models().registered[to], file));
    try {
      await slot.swap({ name: to, ...file }, rollbackFor, isStillWanted);
    } catch (cause) {
      this.#metrics.onSwap("refused");
      throw cause;
    }
    this.#metrics.onSwap("switched");
    await this.#deps.chosen?.written();
    return this.#viewOf(slot);
  }

  // A promise whatever happens, as it is across processes.
  async rollback(target: string): Promise<SlotView> {
    const slot = this.#slotOf(target);
    slot.rollback();
    this.#metrics.onSwap("rolled_back");
    await this.#deps.chosen?.written();
    return this.#viewOf(slot);
  }

  tripped(target: string): void {
    const slot = this.#find(target);
    if (!slot?.hasRollback) return;
    if (!slot.canRollback) {
      this.#deps.logger.error("model.not_rolled_back", { target, cause: "LL_MODEL_ROLLBACK_DOWN" });
      return;
    }
    const { from, to } = slot.rollback();
    this.#metrics.onSwap("tripped");
    this.#deps.logger.error("model.rolled_back", { target, from, to, cause: "breaker" });
    this.#deps.audit.record({
      tenant: everyTenant,
      actor: system,
      action: "model.rolled_back",
      object: { type: "model", id: target },
      outcome: "ok",
      detail: { from, to, cause: "breaker" },
    });
  }

  /** The newest one: the others are of configurations before. */
  #find(target: string): ModelSlot | undefined {
    return this.#deps.slots().findLast((slot) => slot.target === target);
  }

  #slotOf(target: string): ModelSlot {
    const slot = this.#find(target);
    if (slot) return slot;
    throw gatewayErrors.make("LL_OBJECT_UNKNOWN");
  }

  #viewOf(slot: ModelSlot): SlotView {
    const view = slot.view();
    const known = new Set(view.files.map(({ name, role }) => (role === "past" ? "" : name)));
    const all = { [ownFile]: { path: slot.ownPath }, ...this.#deps.models().registered };
    const rest = Object.entries(all).filter(([name]) => !known.has(name));
    const files = rest.map(([name, { path }]) => ({
      name,
      path,
      state: "registered" as const,
      role: "registered" as const,
      since: null,
    }));
    return { ...view, files: [...view.files, ...files] };
  }
}

/** LL_BODY_FIELD when no file has that name. */
export function registeredFile(
  registered: ModelsConfig["registered"],
  name: string,
): ModelsConfig["registered"][string] {
  const file = Object.hasOwn(registered, name) ? registered[name] : undefined;
  if (file) return file;
  const message = `to: models.registered has no ${JSON.stringify(name)}.`;
  throw gatewayErrors.make("LL_BODY_FIELD", message, { param: "to" });
}
