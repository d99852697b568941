import type { Usage } from "../pipeline/exchange.ts";

/** One piece of a turn or of an answer, in no dialect. */
export type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "thinking"; readonly text: string }
  | { readonly kind: "image"; readonly url: string }
  | ToolCall
  | { readonly kind: "tool_result"; readonly id: string; readonly text: string };

export interface ToolCall {
  readonly kind: "tool_call";
  readonly id: string;
  readonly name: string;
  /** The text of a JSON object. */
  readonly arguments: string;
}

/** What one side said. System turns hold text only. */
export interface Turn {
  readonly role: "system" | "user" | "assistant";
  readonly parts: readonly Part[];
  /** Where it stands in the request, for messages about it. */
  readonly path: string;
}

export interface Tool {
  readonly name: string;
  readonly description: string | undefined;
  /** JSON Schema of the arguments. */
  readonly schema: unknown;
  readonly isStrict: boolean | undefined;
  /** Where its members stand in the request, for messages about them. */
  readonly path: string;
}

export type ToolChoice = "auto" | "none" | "required" | { readonly name: string };

/** The form an answer must have: any JSON, or JSON of a schema. */
export type AnswerFormat =
  | { readonly kind: "json" }
  | {
      readonly kind: "schema";
      readonly name: string;
      readonly description: string | undefined;
      readonly schema: unknown;
      readonly isStrict: boolean | undefined;
    };

/** A request in no dialect; undefined stands for what the client did not say. */
export interface Ask {
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice | undefined;
  readonly isParallel: boolean | undefined;
  readonly isStream: boolean;
  readonly temperature: unknown;
  readonly topP: unknown;
  readonly topK: unknown;
  readonly stop: readonly string[];
  readonly user: string | undefined;
  readonly seed: unknown;
  readonly frequencyPenalty: unknown;
  readonly presencePenalty: unknown;
  readonly effort: unknown;
  readonly format: AnswerFormat | undefined;
}

export const stopReasons = ["stop", "length", "tool_calls", "filter"] as const;

/** Why an answer ended. */
export type StopReason = (typeof stopReasons)[number];

/** A whole answer in no dialect. */
export interface Answer {
  readonly id: string;
  readonly model: string;
  readonly parts: readonly Part[];
  readonly stop: StopReason;
  readonly usage: Usage | undefined;
}

/** What one event of a stream says, in no dialect. */
export type Delta =
  | { readonly kind: "start"; readonly id: string; readonly model: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "thinking"; readonly text: string }
  | { readonly kind: "tool"; readonly index: number; readonly id: string; readonly name: string }
  | { readonly kind: "arguments"; readonly index: number; readonly text: string }
  | { readonly kind: "finish"; readonly stop: StopReason }
  | { readonly kind: "usage"; readonly usage: Usage };

/** Names of fields that could not be carried, at most 64 of them. */
export class Losses {
  readonly names: string[] = [];
  readonly #max = 64;

  add(name: string): void {
    if (this.names.length < this.#max && !this.names.includes(name)) this.names.push(name);
  }

  /** Notes the members of `value` that are neither known nor said to have no effect. */
  addUnknown(value: Readonly<Record<string, unknown>>, known: ReadonlySet<string>, at = ""): void {
    for (const [name, member] of Object.entries(value))
      if (!known.has(name) && member !== null) this.add(at + name);
  }
}
