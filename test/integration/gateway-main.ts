import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { createGateway, loadConfig } from "../../packages/gateway/src/index.ts";

/** Runs a gateway with the configuration given as JSON; prints where it listens and its key. */
const given: unknown = JSON.parse(process.argv[2] ?? "{}");
const overrides = typeof given === "object" && given !== null ? { ...given } : {};
const config = loadConfig(undefined, {}, overrides);
const log = (text: string): void => void process.stderr.write(text);
const gateway = await createGateway(config, {
  clock: systemClock(),
  random: systemRandom(),
  log,
});
const { url } = await gateway.start();
process.stdout.write(`${JSON.stringify({ url, key: gateway.firstKey?.secret ?? "" })}\n`);
process.once("SIGTERM", () => void gateway.close({ graceMs: 0 }));
