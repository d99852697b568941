import type { z } from "zod";
import { parseJson } from "@loadline/kit/json";
import type { AnswerView } from "../answer.ts";

/** What a check needs of the answer, so that nothing else is kept. */
export type CheckNeed = "head" | "body";

/** One kind of check: what it asks of an answer, and an answer that must fail it. */
export interface LoadCheck<T> {
  readonly id: string;
  readonly summary: string;
  readonly schema: z.ZodType<T>;
  readonly needs: CheckNeed;
  holds(answer: AnswerView, wanted: T): boolean;
  /** The same parameter on an answer that keeps it and on one that breaks it. */
  readonly saboteur: {
    readonly wanted: T;
    readonly clean: SampleAnswer;
    readonly broken: SampleAnswer;
  };
}

/** An answer written by hand. */
export interface SampleAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly serviceMs?: number;
  readonly tokens?: number;
  readonly outcome?: AnswerView["outcome"];
}

/** A sample as the checks see it. */
export function viewOf(sample: SampleAnswer): AnswerView {
  const body = sample.body ?? "";
  return {
    outcome: sample.outcome ?? "ok",
    status: sample.status ?? 200,
    bodyBytes: Buffer.byteLength(body),
    serviceMs: sample.serviceMs ?? 1,
    tokens: sample.tokens ?? -1,
    header: (name) => sample.headers?.[name] ?? "",
    text: () => body,
    json: () => parseJson(body),
  };
}
