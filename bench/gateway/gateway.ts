/** The gateway as the bench runs it: key check, scan, usage and metrics on, log lines discarded. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../packages/kit/src/clock/index.ts";
import { systemRandom } from "../../packages/kit/src/random/index.ts";
import { createGateway, loadConfig } from "../../packages/gateway/src/index.ts";
import { report } from "./child.ts";

const stateDir = mkdtempSync(join(tmpdir(), "ll-bench-"));
process.on("exit", () => rmSync(stateDir, { recursive: true, force: true }));
const config = loadConfig(
  undefined,
  {},
  {
    stateDir,
    listen: { port: 0 },
    targets: {
      up: { provider: "openai-compatible", model: "bench", baseUrl: `${process.argv[2]}/v1` },
    },
    routes: { bench: { models: ["bench"], groups: [{ targets: ["up"] }] } },
  },
);
const gateway = await createGateway(config, {
  clock: systemClock(),
  random: systemRandom(),
  log: () => undefined,
});
const { url } = await gateway.start();
report({ port: Number(new URL(url).port), key: gateway.firstKey?.secret ?? "" });
