/** The process of the reference target: `main.ts OPTIONS`, options as JSON; ends with its parent. */
import { systemClock } from "@loadline/kit/clock";
import { startControl } from "./control.ts";
import type { TargetOptions } from "./options.ts";
import { TargetServer } from "./server.ts";

const options = JSON.parse(process.argv[2] ?? "{}") as TargetOptions;
const target = new TargetServer(options, systemClock());
const ports = await target.listen();
const control = await startControl(target);
process.send?.({ ...ports, controlPort: control.port });
process.on("disconnect", () => {
  control.server.close();
  void target.close();
});
