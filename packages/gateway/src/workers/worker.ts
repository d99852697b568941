import type { Clock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import type { Random } from "@loadline/kit/random";
import { gatewayErrors } from "../errors.ts";
import { scriptLink } from "../limits/script-link.ts";
import type { Gateway } from "../gateway.ts";
import { createGateway } from "../server.ts";
import type { Prepared } from "../snapshot/reloader.ts";
import type { SupervisorCalls, WorkerCalls, WorkerPlan } from "./calls.ts";
import { type Handlers, Peer } from "./peer.ts";
import { unpackConfig } from "./pass-config.ts";
import {
  remoteHosts,
  remoteRecords,
  remoteSwaps,
  RemoteWriter,
  type RemoteHosts,
} from "./remote-parts.ts";
import type { OwnParts, Supervised } from "./supervised.ts";

export interface WorkerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: (text: string) => void;
  readonly logWaitingBytes?: () => number;
  send(message: unknown): boolean;
  /** Ends this process once nothing is left to do, or at once. */
  end(code: number, isAtOnce: boolean): void;
}

export interface Worker {
  receive(message: unknown): void;
  /** The supervisor is gone: what runs is drained, then this process ends. */
  orphaned(): void;
}

const sharedWaitMs = 10_000;
const pollMs = 10;
const orphanExit = 1;
const stoppedExit = 130;

/** One process that serves for a supervisor. */
export function createWorker(deps: WorkerDeps): Worker {
  return new WorkerProcess(deps);
}

class WorkerProcess implements Worker {
  readonly #deps: WorkerDeps;
  readonly #peer: Peer<SupervisorCalls, WorkerCalls>;
  #hosts: RemoteHosts | undefined;
  #gateway: Gateway | undefined;
  #own: OwnParts | undefined;
  #prepared: Prepared | undefined;
  #isDraining = false;
  #isDrained = false;

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
    const { clock, log } = deps;
    const logger = createLogger({ clock, write: log });
    const onFault = (text: string): void => logger.error("worker.channel", { text });
    this.#peer = new Peer({ clock, send: deps.send, onFault }, this.#handlers());
  }

  receive(message: unknown): void {
    this.#peer.receive(message);
  }

  orphaned(): void {
    this.#peer.end("the supervisor is gone");
    if (this.#isDraining || !this.#gateway) {
      this.#deps.end(this.#isDrained ? 0 : stoppedExit, !this.#isDrained);
      return;
    }
    this.#isDraining = true;
    const end = (): void => this.#deps.end(orphanExit, false);
    this.#gateway.close().then(end, end);
  }

  #handlers(): Handlers<WorkerCalls> {
    const own = (): OwnParts => {
      if (this.#own) return this.#own;
      throw gatewayErrors.make("LL_SERVER_WORKER");
    };
    return {
      begin: (plan) => this.#begin(plan),
      ready: async () => {
        await this.#gateway?.whenReady();
        return true;
      },
      metrics: () => own().metricsText(),
      health: () => own().health(),
      breakers: () => own().breakers.list(),
      override: ({ id, to }) => own().breakers.override(id, to),
      prepare: ({ config }) => {
        this.#prepared?.abort();
        this.#prepared = undefined;
        this.#prepared = own().prepare(unpackConfig(config));
      },
      commit: () => {
        const prepared = this.#prepared;
        this.#prepared = undefined;
        if (prepared) return prepared.commit();
        throw gatewayErrors.make("LL_SERVER_WORKER");
      },
      abort: () => {
        this.#prepared?.abort();
        this.#prepared = undefined;
      },
      host: (state) => this.#hosts?.onState(state),
      addressFailed: ({ address }) => this.#own?.addressFailed(address),
      drain: async ({ graceMs }) => {
        this.#isDraining = true;
        const report = await this.#gateway?.close(graceMs === undefined ? {} : { graceMs });
        this.#isDrained = true;
        return report ?? { finished: 0, cut: 0 };
      },
    };
  }

  async #begin(plan: WorkerPlan): Promise<{ readonly url: string }> {
    const config = unpackConfig(plan.config);
    const { clock, random, log, logWaitingBytes } = this.#deps;
    const logger = createLogger({ clock, write: log, level: config.log.level });
    this.#hosts = remoteHosts(this.#peer, { clock, logger });
    const supervised = this.#supervised(plan, this.#hosts);
    const { version, commit } = plan;
    const deps = { clock, random, log, logWaitingBytes, version, commit, supervised };
    this.#gateway = await createGateway(config, deps);
    for (const [id, to] of plan.overrides) this.#own?.breakers.override(id, to);
    await this.#untilShared(config.stores.redis !== null);
    const { url } = await this.#gateway.start();
    return { url };
  }

  /** Before the supervisor decides limits, this process would keep a share of its own. */
  async #untilShared(hasRedis: boolean): Promise<void> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonicMs() + sharedWaitMs;
    while (!hasRedis && this.#own?.isShared() === false && clock.monotonicMs() < untilMs)
      await clock.sleep(pollMs);
  }

  #supervised(plan: WorkerPlan, hosts: RemoteHosts): Supervised {
    const peer = this.#peer;
    return {
      port: plan.port,
      tlsFiles: plan.tlsFiles,
      durationBounds: plan.durationBounds,
      writer: () => new RemoteWriter(peer),
      records: (store) => remoteRecords(peer, store),
      limits: {
        openLink: scriptLink((call) => peer.call("limits", call)),
        onAddressFailed: (address) => peer.tell("addressFailed", { address }),
      },
      hosts,
      models: remoteSwaps(peer),
      breakers: {
        list: () => peer.call("breakers", undefined),
        override: (id, to) => peer.call("override", { id, to }),
      },
      health: () => peer.call("health", undefined),
      metricsText: () => peer.call("metrics", undefined),
      reload: plan.canReload ? () => peer.call("reload", undefined) : undefined,
      attach: (own) => void (this.#own = own),
    };
  }
}
