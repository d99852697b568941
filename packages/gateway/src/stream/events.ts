export { type EventKind, type StreamEvent } from "../dialects/events.ts";
export { classifyChatEvent } from "../dialects/openai-chat/index.ts";
export { openaiUsage as usageOf } from "../dialects/usage.ts";
