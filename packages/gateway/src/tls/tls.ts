import type { Clock } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import type { Logger } from "@loadline/kit/logger";
import type { Metrics } from "@loadline/kit/metrics";
import type { FrontTls } from "../front/front.ts";
import type { TlsConfig } from "./config.ts";
import { signTlsFiles, type TlsFiles, type TlsPair } from "./files.ts";
import { TlsListener } from "./listener.ts";
import { readMaterial, type TlsMaterial } from "./material.ts";
import { createTlsMetrics, type TlsMetrics } from "./metrics.ts";

export interface TlsDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Ends the looking at files. */
  readonly signal: AbortSignal;
}

/** The component `tls` of /health; it only degrades. */
export interface TlsHealth {
  readonly required: false;
  readonly state: "ok" | "degraded";
  /** When the certificate in force ends, ISO 8601. */
  readonly notAfter: string;
  readonly code?: string;
}

/** Files that a reload has read and checked. */
export interface PreparedTls {
  /** Whether they are others than those in force. */
  readonly isChanged: boolean;
  /** May not fail. */
  install(): void;
}

/** Files are looked at this often; a change is taken when the next look finds no further one. */
const lookMs = 1000;
/** This long before its end a certificate is told of: in /health, and in the log. */
const endsSoonMs = 7 * 86_400_000;
const tellMs = 30 * 86_400_000;

/** The listener's certificates: those in force, and the ones that replace them. */
export class Tls {
  readonly #deps: TlsDeps;
  readonly #metrics: TlsMetrics;
  readonly #listener: TlsListener;
  #config: TlsConfig;
  #material: TlsMaterial;
  /** Code of the last files that were refused; undefined while those in force are the last. */
  #problem: string | undefined;
  #problemText = "";
  /** Of the files at the last look and of those last read. */
  #seen = "";
  #taken = "";

  constructor(config: TlsConfig, material: TlsMaterial, deps: TlsDeps) {
    this.#config = config;
    this.#material = material;
    this.#deps = deps;
    this.#metrics = createTlsMetrics(deps.metrics, () => this.#material.notAfterMs);
    this.#listener = new TlsListener(config, {
      clock: deps.clock,
      metrics: this.#metrics,
      context: () => this.#material.options,
      contextOf: (name) => this.#material.byName.of(name),
    });
    this.#tell("tls");
    this.#arm();
  }

  get front(): FrontTls {
    return this.#listener;
  }

  get files(): TlsFiles {
    return this.#material.files;
  }

  health(): { readonly tls: TlsHealth } {
    const { notAfterMs } = this.#material;
    const isEnding = notAfterMs - this.#deps.clock.wallMs() < endsSoonMs;
    const code = this.#problem ?? (isEnding ? "LL_TLS_VALIDITY" : undefined);
    const notAfter = new Date(notAfterMs).toISOString();
    const state = code === undefined ? "ok" : "degraded";
    return { tls: { required: false, state, notAfter, ...(code !== undefined && { code }) } };
  }

  /** Reads the files of a section for a reload. LL_TLS_*. */
  prepare(config: TlsConfig): PreparedTls {
    const material = readMaterial(config, this.#deps.clock.wallMs());
    const isChanged = !isSameFiles(material.files, this.#material.files);
    return {
      isChanged,
      install: () => this.#install(config, material, isChanged),
    };
  }

  /** Takes files that changed, once two looks in a row find them the same. Never rejects. */
  async look(): Promise<void> {
    const sign = await signTlsFiles(this.#config);
    const isQuiet = sign === this.#seen;
    this.#seen = sign;
    if (!isQuiet || sign === this.#taken || this.#deps.signal.aborted) return;
    this.#taken = sign;
    try {
      this.prepare(this.#config).install();
    } catch (cause) {
      this.#refuse(cause);
    }
  }

  #arm(): void {
    const { clock, signal } = this.#deps;
    if (signal.aborted) return;
    const look = (): void => void this.look().then(() => this.#arm());
    clock.after(lookMs, look, { unref: true });
  }

  #install(config: TlsConfig, material: TlsMaterial, isChanged: boolean): void {
    const { minVersion, pq } = this.#config;
    const isOther = isChanged || config.minVersion !== minVersion || config.pq !== pq;
    this.#config = config;
    this.#problem = undefined;
    this.#problemText = "";
    if (!isOther) return;
    this.#material = material;
    this.#listener.use(material.options);
    if (!isChanged) return;
    this.#metrics.onReload("applied");
    this.#tell("tls.applied");
  }

  #refuse(cause: unknown): void {
    const { code, text } = problemOf(cause);
    this.#problem = code;
    if (text === this.#problemText) return;
    this.#problemText = text;
    this.#metrics.onReload("refused");
    const { thumbprint } = this.#material;
    this.#deps.logger.error("tls.refused", { code, text, kept: thumbprint });
  }

  #tell(event: string): void {
    const { clock, logger } = this.#deps;
    const { thumbprint, notAfterMs, isClassicOnly, files } = this.#material;
    const notAfter = new Date(notAfterMs).toISOString();
    logger.info(event, { certificate: thumbprint, further: files.further.length, notAfter });
    if (notAfterMs - clock.wallMs() < tellMs)
      logger.warn("tls.ends", { code: "LL_TLS_VALIDITY", notAfter });
    if (isClassicOnly) logger.warn("tls.pq", { code: "LL_TLS_GROUP", groups: "classic" });
  }
}

function isSameFiles(a: TlsFiles, b: TlsFiles): boolean {
  const isSameOfClients = a.ca === b.ca && a.crl === b.crl;
  if (!isSameOfClients || a.further.length !== b.further.length) return false;
  return isSamePair(a, b) && a.further.every((pair, i) => isSamePair(pair, b.further[i]));
}

function isSamePair(a: TlsPair, b: TlsPair | undefined): boolean {
  return a.cert === b?.cert && a.key === b.key;
}

function problemOf(cause: unknown): { code: string; text: string } {
  const text = cause instanceof Error ? cause.message : String(cause);
  return { code: cause instanceof LoadlineError ? cause.code : "LL_INTERNAL_UNEXPECTED", text };
}
