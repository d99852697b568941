import { mkdir, symlink, unlink } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import type { StackRule } from "../probe.ts";
import { makeFolder } from "./folder.ts";
import { listening } from "./listening.ts";
import type { StackTwin } from "./twin.ts";

const inode = "4711";
const loopback = "0100007F";

function socketRow(address: string, port: number): string {
  const local = `${address}:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return `   0: ${local} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 ${inode} 1`;
}

/**
 * An API with a process of its own in a procfs of the test: it holds the port, has a volume and
 * little memory. Rules: `listen` adds an address, `VmRSS` gives KiB, `mountinfo` a file system,
 * `connections` the most it takes,
 * `Name` the name of its process.
 */
export async function startPartsTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const said = (when: string): string | undefined => rules.find((one) => one.when === when)?.reply;
  const refused = (status: number): [number, string] => [status, '{"error":"refused"}'];
  const server = createServer((request, response) => {
    const isHealth = request.url === "/health";
    const [status, body] = !isHealth
      ? refused(404)
      : request.method === "GET"
        ? [200, '{"status":"ok"}']
        : refused(405);
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  });
  server.maxConnections = Number(said("connections") ?? 100);
  const door = await listening(server);
  const { port } = door;
  const extra = said("listen");
  const rows = [loopback, ...(extra === undefined ? [] : [extra])].map((one) =>
    socketRow(one, port),
  );
  const kib = said("VmRSS") ?? "40000";
  const folder = await makeFolder({
    "net/tcp": `  sl  local_address\n${rows.join("\n")}\n`,
    "77/status": `Name:\t${said("Name") ?? "api"}\nPPid:\t1\nRssAnon:\t${kib} kB\nRssFile:\t 900 kB\nRssShmem:\t0 kB\n`,
    "78/status": "Name:\tchild\nPPid:\t77\nRssAnon:\t100 kB\nRssFile:\t 800 kB\nRssShmem:\t0 kB\n",
    "77/mountinfo": `1 0 0:1 / / rw - overlay overlay rw\n2 1 8:1 /v /data rw - ${said("mountinfo") ?? "ext4"} /dev/sda rw\n`,
    "77/root/data/.keep": "",
    "77/fd/.keep": "",
  });
  await unlink(join(folder.path, "77/fd/.keep"));
  await symlink(`socket:[${inode}]`, join(folder.path, "77/fd/3"));
  await mkdir(join(folder.path, "78/fd"));
  return {
    service: {
      kind: "http",
      url: `http://127.0.0.1:${port}`,
      listeners: [`127.0.0.1:${port}`],
      limits: { memoryBytes: 104_857_600, connections: 20 },
      volumes: ["/data"],
    },
    stack: { procRoot: folder.path },
    secrets: {},
    async [Symbol.asyncDispose]() {
      await door[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
