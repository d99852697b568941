import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { loadConfig } from "../../packages/gateway/src/index.ts";
import type { Stage } from "../../packages/gateway/src/pipeline/stage.ts";
import { openGateway } from "../start-gateway.ts";

/**
 * Runs a gateway with the configuration given as JSON; prints where it listens and its key. Calls for
 * a second argument's model fail as nobody foresaw.
 */
const given: unknown = JSON.parse(process.argv[2] ?? "{}");
const overrides = typeof given === "object" && given !== null ? { ...given } : {};
// A machine that runs other suites beside this one comes late to everything.
const config = loadConfig(undefined, {}, { telemetry: { overloadAfter: 0 }, ...overrides });
const brokenModel = process.argv[3];
const breaking = (stage: Stage): Stage => ({
  ...stage,
  run(x) {
    if (x.body?.model === brokenModel) throw new Error("broken for a test");
    return stage.run?.(x);
  },
});
const log = (text: string): void => void process.stderr.write(text);
const gateway = await openGateway(config, {
  clock: systemClock(),
  random: systemRandom(),
  log,
  ...(brokenModel !== undefined && {
    controls: {
      stages: (table) => table.map((one) => (one.id === "route" ? breaking(one) : one)),
    },
  }),
});
const { url } = await gateway.start();
process.stdout.write(`${JSON.stringify({ url, key: gateway.firstKey?.secret ?? "" })}\n`);
process.once("SIGTERM", () => void gateway.close({ graceMs: 0 }));
