import { useLayoutEffect } from "preact/hooks";

/** The keys of the report; none acts while the reader types or a dialog is open. */
export const reportKeys = [
  ["/", "filter"],
  ["j", "next row"],
  ["k", "previous row"],
  ["Enter", "open the row"],
  ["Esc", "clear the filter, or go back"],
  ["n", "next stopper"],
  ["p", "previous stopper"],
  ["c", "copy the command"],
  ["l", "copy the link of this place"],
  ["t", "light or dark"],
  ["?", "these keys"],
] as const;

/** What the keys that are not about rows do. */
export interface KeyActions {
  theme(): void;
  help(): void;
  escape(): void;
  link(): void;
}

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest("input, textarea, select") !== null;

/** Moves the focus to the row `step` further among `selector`, and scrolls it into view. */
function moveRow(selector: string, step: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>(selector)];
  const current = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(rows.length - 1, Math.max(0, current + step))];
  const link = next?.querySelector<HTMLElement>("a, summary");
  link?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

const rowKeys: Readonly<Record<string, () => void>> = {
  j: () => moveRow("[data-row]", 1),
  k: () => moveRow("[data-row]", -1),
  n: () => moveRow(".stoppers .stop", 1),
  p: () => moveRow(".stoppers .stop", -1),
  c: () => document.querySelector<HTMLElement>("[data-copy]")?.click(),
  "/": () => document.querySelector<HTMLElement>("[data-filter]")?.focus(),
};

/** Listens for the report's keys while `enabled`. */
export function useKeys(enabled: boolean, actions: KeyActions): void {
  useLayoutEffect(() => {
    const ownKeys: Readonly<Record<string, () => void>> = {
      t: actions.theme,
      "?": actions.help,
      l: actions.link,
      Escape: actions.escape,
    };
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (typing(event.target) && event.key !== "Escape") return;
      // An open dialog has the keyboard; Escape is the browser's way out of it.
      if (document.querySelector("dialog[open]") !== null) return;
      const act = enabled || event.key === "?" ? (ownKeys[event.key] ?? rowKeys[event.key]) : null;
      if (act === null || act === undefined) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  });
}
