import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { StackRule } from "../probe.ts";
import { makeFolder } from "./folder.ts";
import type { StackStub } from "./stub.ts";
import type { StackTwin } from "./twin.ts";
import { startWebStub } from "./web.ts";

const none = "00000000:0000";

/** A row as the kernel writes it, a listener that nobody holds unless told otherwise. */
function row(
  local: string,
  o: { readonly state?: string; readonly to?: string; readonly inode?: number } = {},
): string {
  const { state = "0A", to = none, inode = 1 } = o;
  return `   0: ${local} ${to} ${state} 00000000:00000000 00:00000000 00000000 0 0 ${inode} 1 0`;
}

const loopback = (url: string): string =>
  `0100007F:${Number(new URL(url).port).toString(16).toUpperCase().padStart(4, "0")}`;

const startNeighbour = (): Promise<StackStub> =>
  startWebStub([], [{ when: "GET /health", answer: { reply: '{"status":"ok"}' } }]);

/**
 * A machine with Redis on loopback, a web server for all, and two services of the stack that do not
 * know each other; a rule adds a listener, `connection` one of theirs to the other.
 */
export async function startListenersTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const head = "  sl  local_address rem_address   st tx_queue rx_queue";
  const [api, spare] = [await startNeighbour(), await startNeighbour()];
  // 127.0.0.1:6379, 0.0.0.0:443, and a client of 443 that listens to nothing.
  const own = [row("0100007F:18EB"), row("00000000:01BB"), row("00000000:18EB", { state: "01" })];
  const stack = [row(loopback(api.url), { inode: 71 }), row(loopback(spare.url), { inode: 72 })];
  const added = rules.map(({ when, reply }) =>
    when === "connection"
      ? row("0100007F:C001", { state: "01", to: loopback(spare.url), inode: 73 })
      : row(reply),
  );
  const folder = await makeFolder({
    "net/tcp": `${[head, ...own, ...stack, ...added].join("\n")}\n`,
    "net/tcp6": `${head}\n${row("00000000000000000000000001000000:18EB")}\n`,
    "701/status": "Name:\tapi\nPPid:\t1\n",
    "702/status": "Name:\tspare\nPPid:\t1\n",
    "703/status": "Name:\tworker\nPPid:\t701\n",
  });
  for (const [pid, inode] of [
    [701, 71],
    [702, 72],
    [703, 73],
  ] as const) {
    await mkdir(join(folder.path, String(pid), "fd"));
    await symlink(`socket:[${inode}]`, join(folder.path, String(pid), "fd", "3"));
  }
  return {
    service: {
      kind: "listeners",
      procRoot: folder.path,
      // 6379 may be reached in the eyes of `declared`, so that each saboteur breaks one check.
      allowed: [443, 6379],
      edges: "declared",
    },
    neighbours: {
      api: { kind: "http", url: api.url },
      spare: { kind: "http", url: spare.url },
    },
    secrets: {},
    async [Symbol.asyncDispose]() {
      await folder[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
      await spare[Symbol.asyncDispose]();
    },
  };
}
