import { cappedText } from "../model/visible-text.ts";
import { countFigure } from "../model/format.ts";
import { Fig } from "./figure.tsx";

/**
 * Text a target or a plan controls: isolated in direction, hidden characters as visible codes, at
 * most 4 KiB, always a text node.
 */
export function Untrusted({ text, block }: { readonly text: string; readonly block?: boolean }) {
  const { text: shown, cut } = cappedText(text);
  const rest =
    cut === 0 ? null : (
      <span class="muted">
        {" "}
        (<Fig figure={countFigure(cut)} /> more characters)
      </span>
    );
  return block ? (
    <pre class="untrusted" tabIndex={0} role="region" aria-label="text as it was recorded">
      <bdi>{shown}</bdi>
      {rest}
    </pre>
  ) : (
    <>
      <bdi>{shown}</bdi>
      {rest}
    </>
  );
}
