/** Private to tests: upstreams with a known truth, and the real parts a test may need. */
export { endChild } from "./end-child.ts";
export { eventually } from "./eventually.ts";
export { freePort } from "./free-port.ts";
export { type KeptLog, keepLog } from "./keep-log.ts";
export { listenOnLoopback, serveOnLoopback } from "./listen.ts";
export { startSimulator } from "./simulator/index.ts";
export type { Lies, ScheduledFault, Simulator, SimulatorOptions } from "./simulator/index.ts";
export { behaviours, contentOf, startFaultUpstream } from "./fault-upstream/index.ts";
export type { Behaviour, BehaviourId, FaultUpstream, Seen } from "./fault-upstream/index.ts";
export { removeFolder } from "./remove-folder.ts";
export { spawnHeld } from "./spawn-held.ts";
export { type RunningRedis, startRedis } from "./redis/index.ts";
export { startTcpProxy, type TcpProxy } from "./tcp-proxy/index.ts";
export { type RunningPostgres, startPostgres } from "./postgres/index.ts";
export { readExport, startOtlpReceiver } from "./otlp-receiver/index.ts";
export type { OtlpReceiver, ReceivedSpan, ReceiverBehaviour } from "./otlp-receiver/index.ts";
