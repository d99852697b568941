import type * as ioredis from "ioredis";
import type { Cluster, Redis, RedisOptions } from "ioredis";
import type { Clock } from "@loadline/kit/clock";
import { Secret } from "../config/values.ts";
import type { RedisStoreConfig } from "./config.ts";

/** Redis, Valkey, or a cluster of them. No command is sent twice. */
export interface RedisConnection {
  /** True when keys of different hash tags may lie on different nodes. */
  readonly isCluster: boolean;
  /** Sends one command; rejects at once while there is no connection. */
  call(name: string, list: readonly (string | number)[]): Promise<unknown>;
  /** As `call`, of a command in the words of the protocol; not to a cluster, which reads its keys. */
  send(name: string, text: string): Promise<unknown>;
  /** Resolves when every master of a cluster has answered; of one server without asking. */
  pingAll(): Promise<void>;
  close(): void;
}

export interface ConnectOptions {
  readonly to: RedisStoreConfig;
  readonly clock: Clock;
  /** A server that was not there before, or was away, takes commands from now on. */
  readonly onReady: (isFirst: boolean) => void;
  readonly onFault: (text: string) => void;
}

type Driver = Pick<typeof ioredis, "Redis" | "Cluster" | "Command">;
/** Answers as they were before the driver knew a newer protocol. */
type ServerOptions = RedisOptions & { replyMapping?: "legacy" };
interface Opening extends ConnectOptions {
  /** Told to close: nothing is connected again. */
  isClosed(): boolean;
}
interface Client {
  readonly client: Redis | Cluster;
  /** Where commands leave; undefined: at several places. */
  stream(): Redis["stream"] | undefined;
  send(name: string, text: string): Promise<unknown>;
  pingAll(): Promise<void>;
}

const reconnectMs = 250;
const connectTimeout = 1000;
/** A cluster that moved a slot without telling is asked that often. */
const slotsEveryMs = 1000;

/** What is sent and unanswered when a connection ends may have been done: nothing is repeated. */
const once = {
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  connectTimeout,
} as const;

/** Loads the driver, which costs a start without Redis nothing, and connects for ever. */
export function connectRedis(o: ConnectOptions): RedisConnection {
  let open: Client | undefined;
  let isClosed = false;
  let isFirst = true;
  const told: Opening = {
    ...o,
    isClosed: () => isClosed,
    onReady() {
      o.onReady(isFirst);
      isFirst = false;
    },
  };
  const connect = async (): Promise<void> => {
    const driver = await import("ioredis");
    if (!isClosed) open = openClient(driver, told);
  };
  connect().catch((cause: unknown) => o.onFault(String(cause)));
  return {
    isCluster: isClusterAddress(o.to),
    call(name, list) {
      if (!open) return Promise.reject(unconnected());
      gather(open.stream());
      return open.client.call(name, ...list);
    },
    send(name, text) {
      if (!open) return Promise.reject(unconnected());
      gather(open.stream());
      return open.send(name, text);
    },
    async pingAll() {
      if (!open) throw unconnected();
      await open.pingAll();
    },
    close() {
      isClosed = true;
      open?.client.disconnect();
    },
  };
}

const unconnected = (): Error => new Error("not connected yet");

/** What is sent together leaves in one write: a write for each costs more than the rest. */
function gather(stream: Redis["stream"] | undefined): void {
  if (stream === undefined || stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

function isClusterAddress(to: RedisStoreConfig): boolean {
  return typeof to === "object" && "cluster" in to;
}

function openClient(driver: Driver, o: Opening): Client {
  const { to } = o;
  if (typeof to === "string") return openServer(driver, { ...serverOptions }, o, to);
  if (to instanceof Secret) return openServer(driver, { ...serverOptions }, o, to.reveal());
  if ("cluster" in to) return openCluster(driver, to, o);
  const options: ServerOptions = {
    ...serverOptions,
    sentinels: to.sentinels.map(hostOf),
    name: to.master,
    db: to.database,
    // A frozen master keeps its connections: only the Sentinels know that it is none any more.
    failoverDetector: true,
    sentinelRetryStrategy: () => reconnectMs,
    sentinelCommandTimeout: connectTimeout,
    ...credentialsOf(to),
    ...(to.sentinelPassword && { sentinelPassword: to.sentinelPassword.reveal() }),
    ...(isTls(to.sentinels) && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
    ...(to.tls && { tls: {} }),
  };
  return openServer(driver, options, o);
}

const serverOptions: ServerOptions = {
  ...once,
  enableOfflineQueue: false,
  retryStrategy: () => reconnectMs,
};

function openServer(driver: Driver, options: ServerOptions, o: Opening, url?: string): Client {
  const client = url === undefined ? new driver.Redis(options) : new driver.Redis(url, options);
  client.on("ready", () => o.onReady(false));
  client.on("error", (cause: Error) => o.onFault(cause.message));
  // A failover told while the driver was connecting ends it for good: it is begun again.
  const begin = (): void =>
    void client.connect().catch((cause: unknown) => o.onFault(String(cause)));
  client.on("end", () => {
    if (!o.isClosed()) o.clock.after(reconnectMs, () => o.isClosed() || begin(), { unref: true });
  });
  const Written = writtenCommand(driver);
  return {
    client,
    stream: () => client.stream,
    send: (name, text) => client.sendCommand(new Written(name, text)) as Promise<unknown>,
    pingAll: () => Promise.resolve(),
  };
}

/** A command that is written already: what the driver does with each argument costs more than the rest. */
function writtenCommand(driver: Driver) {
  return class Written extends driver.Command {
    readonly #text: string;

    constructor(name: string, text: string) {
      super(name, [], { replyEncoding: "utf8" });
      this.#text = text;
    }

    override toWritable(): string {
      return this.#text;
    }
  };
}

function openCluster(
  driver: Driver,
  to: Extract<RedisStoreConfig, { cluster: unknown }>,
  o: Opening,
): Client {
  const options = {
    enableOfflineQueue: false,
    clusterRetryStrategy: () => reconnectMs,
    // A command that was under way is not sent again: it may have been done.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    // Closed during a refresh, the driver's own interval goes on for ever and keeps its process.
    slotsRefreshInterval: 0,
    slotsRefreshTimeout: connectTimeout,
    redisOptions: { ...once, ...credentialsOf(to), ...(isTls(to.cluster) && { tls: {} }) },
  };
  const client = new driver.Cluster(to.cluster.map(hostOf), options);
  const refresh = (): void => {
    if (o.isClosed()) return;
    if (client.status === "ready") client.refreshSlotsCache();
    o.clock.after(slotsEveryMs, refresh, { unref: true });
  };
  refresh();
  const masters = new Set<Redis>();
  // A master that is new to us may know less than we were told by its forerunner.
  const look = (): void => {
    // The nodes are known before they take commands.
    if (client.status !== "ready") return;
    const now = client.nodes("master");
    const isNew = now.some((node) => !masters.has(node));
    masters.clear();
    for (const node of now) masters.add(node);
    if (isNew) o.onReady(false);
  };
  client.on("refresh", look);
  client.on("ready", look);
  client.on("error", (cause: Error) => o.onFault(cause.message));
  client.on("node error", (cause: Error) => o.onFault(cause.message));
  return {
    client,
    stream: () => undefined,
    send: (name) => Promise.reject(new Error(`${name}: a cluster reads the keys of a command`)),
    async pingAll() {
      await Promise.all(client.nodes("master").map((node) => node.ping()));
    },
  };
}

function credentialsOf(to: { username?: string | undefined; password?: Secret | undefined }) {
  return {
    ...(to.username !== undefined && { username: to.username }),
    ...(to.password && { password: to.password.reveal() }),
  };
}

function isTls(seeds: readonly string[]): boolean {
  return seeds.some((seed) => seed.startsWith("rediss:"));
}

const defaultPort = 6379;

function hostOf(seed: string): { host: string; port: number } {
  const { hostname, port } = new URL(seed);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? defaultPort : Number(port) };
}
