import type { z } from "zod";
import { foreignPlaceIn, parseTemplate, textsIn } from "../scenario/template.ts";

/**
 * A refinement of a value in whose texts only these places may stand, as `${NAME}`: another one, or
 * one in the style of another tool, would be sent as it is written.
 */
export function onlyPlaces(...known: readonly string[]) {
  return (value: unknown, context: z.RefinementCtx): void => {
    for (const { text, path } of textsIn(value)) {
      const message = foreignPlaceIn(text) ?? unknownPlace(text, known);
      if (message !== null) context.addIssue({ code: "custom", path: [...path], message });
    }
  };
}

function unknownPlace(text: string, known: readonly string[]): string | null {
  for (const [place, name = ""] of text.matchAll(/\$\{([^}]*)\}?/g)) {
    if (place === `\${${name}}` && known.includes(name)) continue;
    if (known.length === 0) return `nothing fills ${place} here`;
    const names = known.map((one) => `\${${one}}`).join(", ");
    return `nothing fills ${place}; known here: ${names}`;
  }
  return null;
}

/** A refinement of texts that are filled once, before the run: with secrets and nothing else. */
export function onlySecrets(value: unknown, context: z.RefinementCtx): void {
  for (const { text, path } of textsIn(value)) {
    const parts = parseTemplate(text);
    const other =
      typeof parts === "string"
        ? parts
        : parts.some((part) => typeof part !== "string" && part.kind !== "secret")
          ? "is the same for every request: write ${env:NAME} or ${file:PATH}"
          : null;
    if (other !== null) context.addIssue({ code: "custom", path: [...path], message: other });
  }
}
