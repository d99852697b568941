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

interface Shared {
  readonly key: string;
  readonly slot: ModelSlot;
  /** How many have it open. */
  users: number;
}

/**
 * Model hosts as children of this process, each exchangeable while it serves. Whoever opens the same
 * target with the same plan while it is open gets the same host, swapped as it may be.
 */
export function openSlots(deps: SlotsDeps): Slots {
  const shared = new Set<Shared>();
  let count = 0;
  const keep = (target: string, plan: HostPlan, isStandby: boolean): Shared => {
    const key = JSON.stringify([target, plan]);
    const known = [...shared].find((one) => one.key === key);
    if (!known)
      return { key, slot: makeSlot({ id: count++, target, plan, isStandby }, deps), users: 0 };
    if (!isStandby) known.slot.start();
    return known;
  };
  return {
    all: () => [...shared].map(({ slot }) => slot),
    open(target, plan, isStandby) {
      const one = keep(target, plan, isStandby);
      const { slot } = one;
      one.users++;
      // One that a configuration came back to is the newest again.
      shared.delete(one);
      shared.add(one);
      let isOpen = true;
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
          if (isOpen) one.users--;
          isOpen = false;
          if (one.users > 0) return;
          shared.delete(one);
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
