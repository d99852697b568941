import { anthropic } from "./anthropic/index.ts";
import { azureOpenai } from "./azure-openai/index.ts";
import { gemini } from "./gemini/index.ts";
import { llama } from "./llama/index.ts";
import { openai } from "./openai/index.ts";
import { openaiCompatible } from "./openai-compatible/index.ts";
import type { Provider } from "./provider.ts";
import { simulator } from "./simulator/index.ts";

/** The only registry of providers; configuration and reference pages follow it. */
export const providers: readonly Provider[] = [
  openaiCompatible,
  openai,
  azureOpenai,
  anthropic,
  gemini,
  llama,
  simulator,
];

export const providerIds: readonly string[] = providers.map((provider) => provider.id);

export function findProvider(id: string): Provider | undefined {
  return providers.find((provider) => provider.id === id);
}

/** The provider that answers inside this process. */
export const inProcess: Provider = simulator;

/** Targets of the embedded configuration: the shipped model in two processes. */
export function embeddedTargets(modelPath: string): Record<string, unknown> {
  const target = { provider: llama.id, model: "tiny", path: modelPath, embeddings: "any" };
  return { "tiny-a": target, "tiny-b": target };
}
