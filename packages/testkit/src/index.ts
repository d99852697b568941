/** Private to tests: upstreams with a known truth, and the real parts a test may need. */
export { eventually } from "./eventually.ts";
export { startSimulator } from "./simulator/index.ts";
export type { Lies, ScheduledFault, Simulator, SimulatorOptions } from "./simulator/index.ts";
