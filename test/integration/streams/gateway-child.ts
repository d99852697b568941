/** A gateway over one upstream: `gateway-child.ts <stateDir> <baseUrl> <front>`; answers each message with its memory. */
import { loadConfig } from "@loadline/gateway";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { openGateway } from "../../start-gateway.ts";

const [stateDir = "", baseUrl = "", front = "http1"] = process.argv.slice(2);
const target = { provider: "openai-compatible", model: "fault", baseUrl, connectionsMax: 1100 };
const config = loadConfig(
  undefined,
  {},
  {
    stateDir,
    listen: { port: 0 },
    http: { front },
    drain: { accept: 0, grace: 0 },
    log: { level: "error" },
    // A machine that runs other suites beside this one comes late to everything.
    telemetry: { overloadAfter: 0 },
    timeouts: { firstByte: "60s", idle: "60s" },
    concurrency: { key: 2000 },
    targets: { u: target },
    routes: { r: { models: ["m"], groups: [{ targets: ["u"] }] } },
  },
);
const deps = { clock: systemClock(), random: systemRandom(), log: () => undefined };
const gateway = await openGateway(config, deps);
const { url } = await gateway.start();
process.send?.({ url, key: gateway.firstKey?.secret ?? "" });
process.on("message", () => {
  globalThis.gc?.();
  process.send?.(process.memoryUsage.rss());
});
process.on("disconnect", () => void gateway.close({ graceMs: 0 }));
