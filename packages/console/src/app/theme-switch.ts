import { useLayoutEffect, useState } from "preact/hooks";

export type Theme = "light" | "dark";

const darkQuery = "(prefers-color-scheme: dark)";

/** The theme in force and a switch; nothing is stored, so a report always opens as the system is. */
export function useTheme(): readonly [Theme, () => void] {
  const [system, setSystem] = useState<Theme>(() =>
    matchMedia(darkQuery).matches ? "dark" : "light",
  );
  const [chosen, setChosen] = useState<Theme | null>(null);
  useLayoutEffect(() => {
    const query = matchMedia(darkQuery);
    const follow = (): void => setSystem(query.matches ? "dark" : "light");
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  const theme = chosen ?? system;
  const toggle = (): void => {
    const next = theme === "dark" ? "light" : "dark";
    document.documentElement.dataset["theme"] = next;
    setChosen(next);
  };
  return [theme, toggle];
}

/** Whether the page is being printed; all views are shown then. */
export function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useLayoutEffect(() => {
    const begin = (): void => setPrinting(true);
    const end = (): void => setPrinting(false);
    addEventListener("beforeprint", begin);
    addEventListener("afterprint", end);
    return () => {
      removeEventListener("beforeprint", begin);
      removeEventListener("afterprint", end);
    };
  }, []);
  return printing;
}
