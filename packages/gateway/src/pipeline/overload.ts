import { modelOnly, type Stage } from "./stage.ts";

const retryAfterMs = 1000;

/** Refuses model requests while this process cannot keep up; health and admin are exempt. */
export function overloadStage(isOverloaded: (() => boolean) | undefined): Stage {
  return {
    id: "overload",
    summary: "event loop keeps up",
    wired: modelOnly,
    run: () =>
      isOverloaded?.() === true ? { code: "LL_SERVER_OVERLOADED", retryAfterMs } : undefined,
  };
}
