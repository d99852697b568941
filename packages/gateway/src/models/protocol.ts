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
  /** Resident bytes beyond which the host ends itself; absent: 1 GiB and three times the file and its contexts. */
  readonly rssBytesMax?: number;
  /** `any`: vectors are given out though the model makes none of meaning; absent: they are not. */
  readonly embeddings?: "semantic" | "any";
  /** Where compiled code is kept between starts. */
  readonly compileCacheDir?: string;
}

/** What a model host tells its parent over the IPC channel. */
export type HostMessage =
  | { readonly type: "ready"; readonly loadMs: number }
  | { readonly type: "failed"; readonly code: ModelFailure; readonly message: string };

const failures = ["LL_MODEL_DAMAGED", "LL_MODEL_LOAD", "LL_MODEL_MEMORY"] as const;
export type ModelFailure = (typeof failures)[number];

/** The message when `value` is one, else undefined. */
export function parseHostMessage(value: unknown): HostMessage | undefined {
  if (typeof value !== "object" || value === null || !("type" in value)) return undefined;
  if (value.type === "ready" && "loadMs" in value && typeof value.loadMs === "number") {
    return { type: "ready", loadMs: value.loadMs };
  }
  if (value.type !== "failed" || !("code" in value) || !("message" in value)) return undefined;
  const { message } = value;
  const code = failures.find((known) => known === value.code);
  if (typeof message !== "string" || code === undefined) return undefined;
  return { type: "failed", code, message };
}
