import type { Metrics } from "@loadline/kit/metrics";
import type { AuditSink } from "../../audit-log/events.ts";
import type { HostKeeper } from "../hosting.ts";
import type { ModelsConfig } from "./config.ts";
import { openSlots, type SlotsDeps } from "./slots.ts";
import { createSwaps, type ModelSwaps } from "./swaps.ts";

export interface ModelsDeps extends SlotsDeps {
  readonly metrics: Metrics;
  readonly audit: AuditSink;
  /** Models that another process keeps; absent: this one keeps its own. */
  readonly supervised?: { readonly hosts: HostKeeper; readonly models: ModelSwaps } | undefined;
}

export interface OpenedModels {
  readonly hosts: HostKeeper;
  readonly swaps: ModelSwaps;
  /** A trip of a target's breaker soon after a swap undoes it. */
  onTrip(target: string): void;
}

/** Adds in-process models to what targets are opened with; `models` is read at each swap. */
export function withModels<T extends ModelsDeps>(
  deps: T,
  models: () => ModelsConfig,
): T & OpenedModels {
  const { supervised } = deps;
  if (supervised) return { ...deps, ...opened(supervised.hosts, supervised.models) };
  const slots = openSlots(deps);
  const swaps = createSwaps({ ...deps, models, slots: () => slots.all() });
  return { ...deps, ...opened(slots, swaps) };
}

function opened(hosts: HostKeeper, swaps: ModelSwaps): OpenedModels {
  return { hosts, swaps, onTrip: (target) => swaps.tripped(target) };
}
