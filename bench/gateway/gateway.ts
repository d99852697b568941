/**
 * The gateway as the bench runs it, in as many processes as it is told: arguments are the upstream's
 * base URL, a JSON object of configuration that is laid over the defaults, and ids of stages that are
 * to do nothing, with commas between them. Log lines are made and discarded.
 */
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { makeScratchFolder } from "@loadline/kit/scratch-folder";
import { loadConfig, openGateway } from "@loadline/gateway";
import { report } from "./child.ts";
import { benchSettings } from "./settings.ts";

const stateDir = makeScratchFolder("ll-bench-").path;
const config = loadConfig(
  undefined,
  {},
  {
    ...benchSettings(process.argv[2] ?? "", stateDir),
    ...JSON.parse(process.argv[3] || "{}"),
  },
);
const emptied = new Set<string>((process.argv[4] ?? "").split(",").filter(Boolean));
const gateway = await openGateway(config, {
  clock: systemClock(),
  random: systemRandom(),
  log: () => undefined,
  controls: {
    stages: (table) =>
      table.map((stage) => {
        if (!emptied.delete(stage.id)) return stage;
        const nothing = () => undefined;
        return {
          ...stage,
          ...(stage.run && { run: nothing }),
          ...(stage.exit && { exit: nothing }),
        };
      }),
  },
});
if (emptied.size > 0) throw new Error(`no stage named ${[...emptied].join(", ")}`);
const { url } = await gateway.start();
report({ port: Number(new URL(url).port), key: gateway.firstKey?.secret ?? "" });
