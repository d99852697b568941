import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { eventually, freePort } from "@loadline/testkit";
import { chatPath } from "./entry.ts";
import { proxyMark, talk } from "./world.ts";
import { removeFolder } from "../../../packages/testkit/src/remove-folder.ts";

export interface Proxy extends AsyncDisposable {
  readonly port: number;
}

const startMs = 60_000;
/** One of another kind than model requests would leave the kept connection to Node's server. */
const keyless = `POST ${chatPath} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}`;

/** HAProxy that keeps its connections to the gateway and shares them among all of its clients. */
export function startHaproxy(path: string, gatewayPort: number): Promise<Proxy> {
  return start(path, (dir, port) => {
    const file = join(dir, "haproxy.cfg");
    const lines = [
      "global",
      "  nbthread 1",
      "defaults",
      "  mode http",
      "  timeout connect 20s",
      "  timeout queue 20s",
      "  timeout client 5s",
      "  timeout server 20s",
      "  http-reuse always",
      `listen all`,
      `  bind 127.0.0.1:${port}`,
      `  http-request set-header ${proxyMark} 1`,
      `  server gateway 127.0.0.1:${gatewayPort} pool-max-conn 1 maxconn 1`,
      "",
    ];
    writeFileSync(file, lines.join("\n"));
    return ["-db", "-f", file];
  });
}

/** nginx with one kept connection to the gateway. */
export function startNginx(path: string, gatewayPort: number): Promise<Proxy> {
  return start(path, (dir, port) => {
    const file = join(dir, "nginx.conf");
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((kind) => `${kind}_temp_path ${join(dir, kind)};`)
      .join(" ");
    const text = `daemon off; worker_processes 1; master_process off; pid ${join(dir, "pid")};
error_log ${join(dir, "error.log")};
events { worker_connections 128; }
http { access_log off; ${temporary}
  upstream gateway { server 127.0.0.1:${gatewayPort}; keepalive 1; }
  server { listen 127.0.0.1:${port};
    location / { proxy_pass http://gateway; proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header ${proxyMark} 1; proxy_request_buffering off; } } }
`;
    writeFileSync(file, text);
    return ["-p", dir, "-c", file];
  });
}

async function start(
  path: string,
  configure: (dir: string, port: number) => string[],
): Promise<Proxy> {
  const dir = mkdtempSync(join(tmpdir(), "ll-proxy-"));
  const port = await freePort();
  const child: ChildProcess = spawn(path, configure(dir, port), {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => void (said += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const answers = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`${path} ended: ${said}`);
    const isWhole = (text: string): boolean => text.includes("\r\n\r\n");
    return (await talk(port, keyless, isWhole)).statuses[0] === 401;
  };
  await eventually(systemClock(), answers, startMs);
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
      removeFolder(dir);
    },
  };
}
