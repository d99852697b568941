import { httpAlive } from "./http-alive.ts";
import { httpHealth } from "./http-health.ts";
import { httpUnknownRoute } from "./http-unknown-route.ts";
import { openaiAuth } from "./openai-auth.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiChatUsage } from "./openai-chat-usage.ts";
import { openaiEmbeddings } from "./openai-embeddings.ts";
import { openaiErrorShape } from "./openai-error-shape.ts";
import { openaiMalformed } from "./openai-malformed.ts";
import { openaiModels } from "./openai-models.ts";
import { openaiOversized } from "./openai-oversized.ts";
import { openaiStream } from "./openai-stream.ts";
import { openaiStreamEnd } from "./openai-stream-end.ts";
import { openaiStreamUsage } from "./openai-stream-usage.ts";
import { openaiUnknownModel } from "./openai-unknown-model.ts";
import type { Probe } from "./probe.ts";

/** Every probe, in the order it runs; the only registry. */
export const probes: readonly Probe[] = [
  httpAlive,
  httpHealth,
  httpUnknownRoute,
  openaiModels,
  openaiChat,
  openaiChatUsage,
  openaiStream,
  openaiStreamEnd,
  openaiStreamUsage,
  openaiErrorShape,
  openaiAuth,
  openaiUnknownModel,
  openaiMalformed,
  openaiOversized,
  openaiEmbeddings,
];
