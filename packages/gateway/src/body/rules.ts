/** Operations whose bodies are scanned. */
export type BodyOperation = "chat" | "completions" | "embeddings" | "responses" | "messages";

/** What a body must hold for one operation; the members named here are checked, no others. */
export interface BodyRule {
  /** The member that holds what is asked. */
  readonly content: RequestKey;
  /** The member beside it that tells the model what it is; absent: that stands in the content. */
  readonly system?: RequestKey;
  readonly mayBeText: boolean;
  readonly mayStream: boolean;
  /** Whether a stream's usage must be asked for with `stream_options`. */
  readonly hasStreamOptions: boolean;
  /** Members that bound the output, the one we add first. */
  readonly bounds: readonly RequestKey[];
  readonly boundRequired: boolean;
  /** Members that ask for several answers; the larger counts. */
  readonly answers: readonly RequestKey[];
}

/** Members the gateway acts on, by their index in the scan. */
export const requestKeyNames = [
  "model",
  "stream",
  "stream_options",
  "max_tokens",
  "max_completion_tokens",
  "max_output_tokens",
  "n",
  "messages",
  "input",
  "prompt",
  "tools",
  "user",
  "loadline",
  "best_of",
  "system",
  "instructions",
] as const;

export type RequestKey = (typeof requestKeyNames)[number];

const openai = {
  mayStream: true,
  hasStreamOptions: true,
  boundRequired: false,
  answers: ["n"],
} as const;

export const bodyRules: Readonly<Record<BodyOperation, BodyRule>> = {
  chat: {
    ...openai,
    content: "messages",
    mayBeText: false,
    bounds: ["max_tokens", "max_completion_tokens"],
  },
  completions: {
    ...openai,
    content: "prompt",
    mayBeText: true,
    bounds: ["max_tokens"],
    answers: ["n", "best_of"],
  },
  embeddings: { ...openai, content: "input", mayBeText: true, bounds: [], mayStream: false },
  responses: {
    ...openai,
    content: "input",
    system: "instructions",
    mayBeText: true,
    bounds: ["max_output_tokens"],
    hasStreamOptions: false,
  },
  messages: {
    ...openai,
    content: "messages",
    system: "system",
    mayBeText: false,
    bounds: ["max_tokens"],
    hasStreamOptions: false,
    boundRequired: true,
  },
};

/** Whether an operation's body is one that is scanned. */
export function isBodyOperation(id: string): id is BodyOperation {
  return Object.hasOwn(bodyRules, id);
}
