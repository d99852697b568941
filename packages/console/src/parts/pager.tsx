import { countFigure } from "../model/format.ts";
import { Fig } from "./figure.tsx";

interface PagerProps {
  /** From 0. */
  readonly page: number;
  readonly pages: number;
  onPage(page: number): void;
}

/** The way through rows that do not stand on one page; nothing where they do. */
export function Pager({ page, pages, onPage }: PagerProps) {
  if (pages === 1) return null;
  return (
    <p class="pager">
      <button type="button" disabled={page === 0} onClick={() => onPage(page - 1)}>
        earlier rows
      </button>
      page <Fig figure={countFigure(page + 1)} /> of <Fig figure={countFigure(pages)} />
      <button type="button" disabled={page === pages - 1} onClick={() => onPage(page + 1)}>
        later rows
      </button>
    </p>
  );
}
