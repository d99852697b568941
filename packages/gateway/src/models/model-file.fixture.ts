import { fileURLToPath } from "node:url";

/** The model of this repository, for tests. */
export const tinyModelPath = fileURLToPath(
  new URL("../../models/tiny/loadline-tiny.gguf", import.meta.url),
);
