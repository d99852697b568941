import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { visibleText } from "../model/visible-text.ts";

interface CommandProps {
  readonly line: string;
  /** What is copied, for a reader who hears only the button. */
  readonly label: ComponentChildren;
}

/** A shell line with a copy button; without clipboard access the line is selected instead. */
export function Command({ line, label }: CommandProps) {
  const code = useRef<HTMLElement>(null);
  const [said, setSaid] = useState("");
  if (line === "") return <p class="muted">No command was recorded.</p>;
  const copy = async (): Promise<void> => setSaid(await copyText(line, code.current));
  return (
    <span class="command">
      <code ref={code}>
        <span class="prompt" aria-hidden="true">
          ${" "}
        </span>
        {visibleText(line)}
      </code>
      <button type="button" class="copy" data-copy onClick={() => void copy()}>
        copy<span class="hidden"> {label}</span>
      </button>
      <span class="said" role="status">
        {said}
      </span>
    </span>
  );
}

/** Copies, or selects the text for the reader to copy; says which. */
export async function copyText(text: string, element: HTMLElement | null): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return "copied";
  } catch (error) {
    if (element === null) return `not copied: ${error instanceof Error ? error.name : "refused"}`;
    getSelection()?.selectAllChildren(element);
    return "selected";
  }
}
