import type { MixPart, Scenario } from "../scenario-types.ts";
import { missingServices, services, serviceThresholds, think } from "./parts.ts";
import type { LoadProfile } from "./profile.ts";

const rampMs = 60_000;

function ramp(parts: readonly MixPart[], from: number, to: number, durationMs: number): Scenario {
  return {
    executor: "ramping-vus",
    startVus: from,
    stages: [
      { durationMs: Math.min(rampMs, durationMs / 5), target: from },
      { durationMs: Math.min(rampMs, durationMs / 5), target: to },
      { durationMs, target: to },
    ],
    thinkMs: think,
    exec: { kind: "mix", parts },
  };
}

export const mixRamps: LoadProfile = {
  id: "mix-ramps",
  summary: "chat 20 to 40, RAG 15 to 30, MCP 10 to 20 users: a peak of 90",
  checklist: ["R2-02"],
  takes: ["durationMs"],
  make(manifest, { durationMs = 300_000 }) {
    const all = services(manifest);
    const { chat, rag, mcp } = all;
    return {
      scenarios: {
        chat: ramp(chat, 20, 40, durationMs),
        ...(rag === null ? {} : { rag: ramp([rag], 15, 30, durationMs) }),
        ...(mcp === null ? {} : { mcp: ramp([mcp], 10, 20, durationMs) }),
      },
      thresholds: serviceThresholds(all, (part) => part),
      undecided: missingServices(all),
    };
  },
};
