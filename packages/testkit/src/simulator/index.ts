/** A deterministic OpenAI-shaped upstream for tests, honest unless told to lie. */
export type { Lies } from "./lies.ts";
export { startSimulator } from "./simulator.ts";
export type { ScheduledFault, Simulator, SimulatorOptions } from "./simulator.ts";
