import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cliErrors } from "./errors.ts";

// In the published bundle the files lie beside the code; in the repository where they are made.
const modelPlaces = ["./models/tiny/", "../../gateway/models/tiny/"];
const consolePlaces = ["./console/", "../../console/dist/"];
const modelFile = "loadline-tiny.gguf";

function firstWith(places: readonly string[], file: string): URL | undefined {
  return places
    .map((place) => new URL(place, import.meta.url))
    .find((dir) => existsSync(new URL(file, dir)));
}

/** The built-in model's file, or undefined when this installation lacks it. */
export function findModel(): string | undefined {
  const dir = firstWith(modelPlaces, modelFile);
  return dir === undefined ? undefined : fileURLToPath(new URL(modelFile, dir));
}

/** The folder of the built report page, or undefined when it was not built. */
export function findReportAssets(): URL | undefined {
  return firstWith(consolePlaces, "report.js");
}

/** The built-in model's file. Throws `LL_CLI_PART_MISSING`. */
export function modelPath(): string {
  const path = findModel();
  if (path !== undefined) return path;
  throw cliErrors.make("LL_CLI_PART_MISSING", `The built-in model ${modelFile} is not there.`);
}
