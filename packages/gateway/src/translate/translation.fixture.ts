import { parseJson } from "@loadline/kit/json";
import { isBodyProblem, readRequestBody } from "../body/request.ts";
import type { BodyOperation } from "../body/rules.ts";
import type { DialectId, Translation } from "../dialects/dialect.ts";
import { translationFor } from "./translation.ts";

const dialects: Readonly<Record<"chat" | "messages" | "responses", DialectId>> = {
  chat: "openai.chat",
  messages: "anthropic.messages",
  responses: "openai.responses",
};

/** What becomes of a client's request on its way to an upstream of another dialect. */
export function translate(
  from: keyof typeof dialects & BodyOperation,
  to: DialectId,
  value: object,
  unsupported: "reject" | "drop" = "reject",
): ReturnType<NonNullable<ReturnType<typeof translationFor>>> {
  const body = readRequestBody(Buffer.from(JSON.stringify({ model: "m", ...value })), from);
  if (isBodyProblem(body)) throw new Error(body.message);
  const translation = translationFor(dialects[from], to);
  if (!translation) throw new Error("no translation");
  return translation(body, {
    model: "up",
    unsupported,
    outputBound: 500,
    boundName: "max_tokens",
    requestId: "req_1",
    createdSeconds: 7,
  });
}

/** The same where the request can be carried. */
export function carried(...args: Parameters<typeof translate>): Translation {
  const translation = translate(...args);
  if ("code" in translation) throw new Error(translation.message);
  return translation;
}

/** What the upstream is sent. */
export const request = (translation: Translation): unknown =>
  parseJson(translation.request.toString());

export const hello = [{ role: "user", content: "hello" }];
export const ask = { max_tokens: 10, messages: hello };
