/** An honest upstream as a process of its own: `upstream-child.ts <port> <letter>`. */
import { systemClock } from "@loadline/kit/clock";
import { startFaultUpstream } from "@loadline/testkit";

const [port = "0", letter = "u"] = process.argv.slice(2);
const upstream = await startFaultUpstream({ clock: systemClock(), letter, port: Number(port) });
process.send?.({ port: upstream.port });
process.on("disconnect", () => void upstream[Symbol.asyncDispose]());
