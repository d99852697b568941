/** What the parent hands to a model host as its one argument, as JSON. */
export interface HostSettings {
  readonly modelPath: string;
  readonly modelName: string;
  readonly socketPath: string;
  readonly threads: number;
  readonly sequences: number;
  readonly contextTokens: number;
  readonly queueMax: number;
  readonly queueWaitMs: number;
  /** A client connection without traffic is closed after this time. */
  readonly idleMs: number;
  /** Where compiled code is kept between starts. */
  readonly compileCacheDir?: string;
}

/** What a model host tells its parent over the IPC channel. */
export type HostMessage =
  | { readonly type: "ready"; readonly loadMs: number }
  | { readonly type: "failed"; readonly code: ModelFailure; readonly message: string };

export type ModelFailure = "LL_MODEL_DAMAGED" | "LL_MODEL_LOAD";

/** The message when `value` is one, else undefined. */
export function parseHostMessage(value: unknown): HostMessage | undefined {
  if (typeof value !== "object" || value === null || !("type" in value)) return undefined;
  if (value.type === "ready" && "loadMs" in value && typeof value.loadMs === "number") {
    return { type: "ready", loadMs: value.loadMs };
  }
  if (value.type !== "failed" || !("code" in value) || !("message" in value)) return undefined;
  const { code, message } = value;
  if (typeof message !== "string") return undefined;
  if (code !== "LL_MODEL_DAMAGED" && code !== "LL_MODEL_LOAD") return undefined;
  return { type: "failed", code, message };
}
