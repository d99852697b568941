import { join } from "node:path";
import type { HostKeeper, HostPlan } from "../hosting.ts";
import { ModelSlot, type SlotDeps } from "./slot.ts";

export interface SlotsDeps extends Omit<SlotDeps, "freeBytes"> {
  /** Folder for sockets; exists, mode 0700. */
  readonly runDir: string;
}

export interface Slots extends HostKeeper {
  /** Every model that is open, in the order of their opening. */
  all(): readonly ModelSlot[];
}

/** Model hosts as children of this process, each exchangeable while it serves. */
export function openSlots(deps: SlotsDeps): Slots {
  const open = new Set<ModelSlot>();
  let count = 0;
  return {
    all: () => [...open],
    open(target, plan, isStandby) {
      const slot = makeSlot({ id: count++, target, plan, isStandby }, deps);
      open.add(slot);
      return {
        get socketPath() {
          return slot.socketPath;
        },
        isReady: () => slot.isReady(),
        get isStandby() {
          return slot.isStandby;
        },
        start: () => slot.start(),
        async close() {
          open.delete(slot);
          await slot.close();
        },
      };
    },
  };
}

export interface SlotAsk {
  /** Never used twice in a folder. */
  readonly id: number;
  readonly target: string;
  readonly plan: HostPlan;
  readonly isStandby: boolean;
}

const nameCharsMax = 24;

/** A slot whose sockets lie in `runDir`, looking at this machine's memory. */
export function makeSlot({ id, ...ask }: SlotAsk, { runDir, ...deps }: SlotsDeps): ModelSlot {
  const compileCacheDir = join(runDir, "compile-cache");
  // The target's name is for those who look for its process; a whole path has at most 107 bytes.
  const name = ask.target.slice(0, nameCharsMax);
  const socketPathOf = (n: number): string => join(runDir, `${name}.${id}-${n}.sock`);
  const freeBytes = (): number => process.availableMemory();
  return new ModelSlot({ ...ask, compileCacheDir, socketPathOf }, { ...deps, freeBytes });
}
