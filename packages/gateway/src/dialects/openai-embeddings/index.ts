import { keyTable } from "../../body/keys.ts";
import { errorBody, errorFrame } from "../envelope.ts";
import { readWhole } from "../answer.ts";
import type { Dialect } from "../dialect.ts";
import { plainEvents } from "../events.ts";
import { openaiUsage } from "../usage.ts";

const answerKeys = keyTable(["error", "usage", "data"]);

/** OpenAI's embeddings: the whole body is the content, and there are no streams. */
export const openaiEmbeddings: Dialect = {
  id: "openai.embeddings",
  classify: () => plainEvents.unreadable,
  spokenKeys: [],
  endMarker: undefined,
  errorBody,
  errorFrame,
  readAnswer: (bytes) => readWhole(bytes, answerKeys, openaiUsage),
  requestIdHeader: "x-request-id",
};
