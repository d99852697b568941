import type { StackRule } from "../probe.ts";
import { makeFolder } from "./folder.ts";
import type { StackTwin } from "./twin.ts";

const row = (local: string, state = "0A"): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 0 0 1 1 0`;

/** A machine with Redis on loopback and a web server for all; a rule adds a listener. */
export async function startListenersTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const head = "  sl  local_address rem_address   st tx_queue rx_queue";
  // 127.0.0.1:6379, 0.0.0.0:443, and a client of 443 that listens to nothing.
  const own = [row("0100007F:18EB"), row("00000000:01BB"), row("00000000:18EB", "01")];
  const added = rules.map(({ reply }) => row(reply));
  const folder = await makeFolder({
    "net/tcp": `${[head, ...own, ...added].join("\n")}\n`,
    "net/tcp6": `${head}\n${row("00000000000000000000000001000000:18EB")}\n`,
  });
  // 6379 may be reached in the eyes of `declared`, so that each saboteur breaks one check.
  const service = { kind: "listeners", procRoot: folder.path, allowed: [443, 6379] };
  return { service, secrets: {}, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}
