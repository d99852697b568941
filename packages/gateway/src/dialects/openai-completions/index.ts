import { keyTable } from "../../body/keys.ts";
import { errorBody, errorFrame } from "../envelope.ts";
import { readWhole } from "../answer.ts";
import { classifyChoiceEvent } from "../choices.ts";
import type { Dialect } from "../dialect.ts";
import { isFilled } from "../json.ts";
import { openaiUsage } from "../usage.ts";

const answerKeys = keyTable(["error", "usage", "choices"]);

/** OpenAI's text completions: content is a choice with text. */
export const openaiCompletions: Dialect = {
  id: "openai.completions",
  classify: (text) => classifyChoiceEvent(text, (choice) => isFilled(choice["text"])),
  textKeys: ["text"],
  spokenKeys: ["text"],
  endMarker: Buffer.from("data: [DONE]\n\n"),
  errorBody,
  errorFrame,
  readAnswer: (bytes) => readWhole(bytes, answerKeys, openaiUsage),
  requestIdHeader: "x-request-id",
};
