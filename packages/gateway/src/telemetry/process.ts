import type { Clock } from "@loadline/kit/clock";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { MetricNames } from "../snapshot/names.ts";
import type { Live } from "../snapshot/snapshot.ts";
import type { GatewayTelemetry } from "./telemetry.ts";

/** Refreshes the gauges of this process at each rendering. */
export function renderProcess(
  telemetry: GatewayTelemetry,
  of: { names: MetricNames; live: Live; pipeline: Pick<Pipeline, "inFlight">; clock: Clock },
): void {
  const startedSeconds = Math.round(of.clock.wallMs() / 1000 - process.uptime());
  telemetry.onRender((set) => {
    set.inFlight(of.pipeline.inFlight.size);
    const { targets } = of.live.current;
    // A target that left the configuration takes no requests.
    for (const name of of.names.targets.values)
      set.targetReady(name, targets.get(name)?.upstream.isReady() ?? false);
    const cpu = process.cpuUsage();
    const cpuSeconds = (cpu.user + cpu.system) / 1e6;
    set.process(process.memoryUsage.rss(), cpuSeconds, startedSeconds);
  });
}
