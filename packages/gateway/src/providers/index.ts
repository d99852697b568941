import { llama } from "./llama/index.ts";
import { openaiCompatible } from "./openai-compatible/index.ts";
import type { Provider } from "./provider.ts";
import { simulator } from "./simulator/index.ts";

/** The only registry of providers; configuration and reference pages follow it. */
export const providers = [openaiCompatible, llama, simulator] as const;

export const providerIds: readonly string[] = providers.map((provider) => provider.id);

export function findProvider(id: string): Provider | undefined {
  return providers.find((provider) => provider.id === id);
}

/** Targets of the embedded configuration: the shipped model in two processes. */
export function embeddedTargets(modelPath: string): Record<string, unknown> {
  const target = { provider: llama.id, model: "tiny", path: modelPath };
  return { "tiny-a": target, "tiny-b": target };
}
