import type { Limits } from "../limits/limits.ts";
import { modelOnly, type Stage } from "./stage.ts";

/** Requests, tokens, money and slots of the call, all or none. */
export function reserveStage(limits: Limits): Stage {
  return {
    id: "reserve",
    summary: "requests, tokens, money, slots",
    wired: modelOnly,
    run: (x) => limits.reserve(x),
  };
}
