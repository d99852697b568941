import type { Strategy } from "./strategy.ts";

/** The first usable target in configured order. */
export const priority: Strategy = { ramps: false, pick: ({ members }) => members[0] };
