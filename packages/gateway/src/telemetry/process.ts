import type { Target } from "../routing/routes.ts";
import type { GatewayTelemetry } from "./telemetry.ts";

/** Refreshes the gauges of this process at each rendering. */
export function renderProcess(
  telemetry: GatewayTelemetry,
  now: { inFlight(): number; targets(): ReadonlyMap<string, Target> },
): void {
  telemetry.onRender((set) => {
    set.inFlight(now.inFlight());
    for (const { name, upstream } of now.targets().values())
      set.targetReady(name, upstream.isReady());
    const cpu = process.cpuUsage();
    set.process(process.memoryUsage.rss(), (cpu.user + cpu.system) / 1e6);
  });
}
