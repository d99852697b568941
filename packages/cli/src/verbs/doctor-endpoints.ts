import type { RunPlan } from "@loadline/contract";
import { createEgress, hostOf, parseHttpUrl } from "@loadline/kit/egress";
import { readStages, targetsOf } from "@loadline/validator";
import type { CliHost } from "../process/host.ts";

/** A place that a plan sends to. */
export interface Endpoint {
  readonly id: string;
  readonly host: string;
  /** Null where neither the address nor its scheme names one that is asked over TCP. */
  readonly port: number | null;
}

export interface SeenEndpoint extends Endpoint {
  readonly listens: boolean;
}

/** Of schemes whose addresses need not say their port; what is asked by UDP alone has none. */
const ports: Readonly<Record<string, number>> = {
  "http:": 80,
  "https:": 443,
  "ws:": 80,
  "wss:": 443,
  "tls:": 443,
  "redis:": 6379,
  "rediss:": 6379,
  "postgres:": 5432,
  "postgresql:": 5432,
};

const connectMs = 1_000;

/** Host and port alone: a user, a path or a query of an address may hold what nobody is to read. */
export function endpointOf(id: string, address: string): Endpoint | null {
  if (!URL.canParse(address)) return null;
  const { hostname, port, protocol } = new URL(address);
  if (hostname === "" || protocol === "local:") return null;
  const isTcp = protocol !== "dns:";
  const own = port === "" ? (ports[protocol] ?? null) : Number(port);
  return { id, host: hostname, port: isTcp ? own : null };
}

/** The targets of a plan, then the services of its stack that have an address. */
export function endpointsOf(plan: RunPlan): Endpoint[] {
  const stages = readStages(plan);
  const found = [
    ...targetsOf(stages).map(({ key, manifest }) =>
      endpointOf(key === null ? "target" : `target ${key}`, manifest.url),
    ),
    ...Object.entries(stages.stack?.services ?? {}).map(([name, service]) =>
      "url" in service && typeof service.url === "string"
        ? endpointOf(`service ${name}`, service.url)
        : null,
    ),
  ];
  return found.filter((endpoint) => endpoint !== null);
}

/** Variables that hold the keys of a plan's targets. */
export function keyNamesOf(plan: RunPlan): string[] {
  const names = targetsOf(readStages(plan)).map(({ manifest }) => manifest.apiKeyEnv);
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** Which of them take a connection within a second; all are asked at once, nothing is sent. */
export function lookAt(host: CliHost, endpoints: readonly Endpoint[]): Promise<SeenEndpoint[]> {
  return Promise.all(
    endpoints.map(async (endpoint) => ({ ...endpoint, listens: await listens(host, endpoint) })),
  );
}

function listens(host: CliHost, { host: name, port }: Endpoint): Promise<boolean> {
  const address = `http://${name}:${port}`;
  // Schemes of stores take hosts that are none, such as `a%20b`.
  if (port === null || !URL.canParse(address)) return Promise.resolve(false);
  const url = parseHttpUrl(address);
  const socket = createEgress({ allowHosts: [hostOf(url)] }).connect(url);
  return new Promise((resolve) => {
    const timer = host.clock.after(connectMs, () => finish(false));
    const finish = (answer: boolean): void => {
      timer.cancel();
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
  });
}
