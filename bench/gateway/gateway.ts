/**
 * The gateway as the bench runs it: arguments are the upstream's base URL and a JSON object of
 * configuration that is laid over the defaults. Log lines are made and discarded.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { createGateway, loadConfig } from "@loadline/gateway";
import { report } from "./child.ts";
import { benchSettings } from "./settings.ts";

const stateDir = mkdtempSync(join(tmpdir(), "ll-bench-"));
process.on("exit", () => rmSync(stateDir, { recursive: true, force: true }));
const config = loadConfig(
  undefined,
  {},
  {
    ...benchSettings(process.argv[2] ?? "", stateDir),
    ...JSON.parse(process.argv[3] || "{}"),
  },
);
const gateway = await createGateway(config, {
  clock: systemClock(),
  random: systemRandom(),
  log: () => undefined,
});
const { url } = await gateway.start();
report({ port: Number(new URL(url).port), key: gateway.firstKey?.secret ?? "" });
