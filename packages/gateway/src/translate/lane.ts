import type { Clock } from "@loadline/kit/clock";
import { type BodyOperation, isBodyOperation } from "../body/rules.ts";
import { anthropicMessages } from "../dialects/anthropic-messages/index.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { geminiGenerate } from "../dialects/gemini-generate/index.ts";
import { openaiChat } from "../dialects/openai-chat/index.ts";
import { openaiCompletions } from "../dialects/openai-completions/index.ts";
import { openaiEmbeddings } from "../dialects/openai-embeddings/index.ts";
import { openaiResponses } from "../dialects/openai-responses/index.ts";
import type { Provider } from "../providers/provider.ts";
import type { TargetRules, UpstreamOperation } from "../upstream/upstream.ts";
import { type Translate, translationFor } from "./translation.ts";

/** How one operation of our clients is asked of one target. */
export interface Lane {
  readonly operation: ModelOperation;
  /** What the upstream answers in. */
  readonly dialect: Dialect;
  /** Absent when both speak the same dialect. */
  readonly translate: Translate | undefined;
  /** Wall clock, ms since the epoch. */
  wallMs(): number;
}

/** The lanes of a target by operation; an absent one is not served. */
export type Lanes = Readonly<Partial<Record<BodyOperation, Lane>>>;

type ModelOperation = Exclude<UpstreamOperation, "probe">;

const dialects: Readonly<Record<ModelOperation, Dialect>> = {
  chat: openaiChat,
  completions: openaiCompletions,
  embeddings: openaiEmbeddings,
  responses: openaiResponses,
  messages: anthropicMessages,
  generate: geminiGenerate,
};

/** Upstream operations that can stand in for a client's, best first. */
const substitutes: Readonly<Record<BodyOperation, readonly ModelOperation[]>> = {
  chat: ["messages", "generate"],
  completions: [],
  embeddings: [],
  messages: ["chat"],
  responses: ["chat"],
};

const operations: readonly BodyOperation[] = Object.keys(substitutes).filter(isBodyOperation);

/** Every operation a target serves, directly or by translation. */
export function lanesOf(
  provider: Provider,
  rules: TargetRules | undefined,
  clock: Pick<Clock, "wallMs">,
): Lanes {
  const lanes: Partial<Record<BodyOperation, Lane>> = {};
  for (const operation of operations) {
    const lane = laneOf(provider, rules, operation);
    if (lane) lanes[operation] = { ...lane, wallMs: () => clock.wallMs() };
  }
  return lanes;
}

function laneOf(
  provider: Provider,
  rules: TargetRules | undefined,
  operation: BodyOperation,
): Omit<Lane, "wallMs"> | undefined {
  const has = (other: ModelOperation): boolean =>
    provider.paths[other] !== undefined && (rules?.serves?.includes(other) ?? true);
  const dialect = dialects[operation];
  if (has(operation)) return { operation, dialect, translate: undefined };
  for (const other of substitutes[operation]) {
    const translate = has(other) ? translationFor(dialect.id, dialects[other].id) : undefined;
    if (translate) return { operation: other, dialect: dialects[other], translate };
  }
  return undefined;
}
