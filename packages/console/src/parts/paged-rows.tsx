import type { ComponentChildren } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { countFigure } from "../model/format.ts";
import { Fig } from "./figure.tsx";
import { Notice } from "./notice.tsx";
import { Pager } from "./pager.tsx";

/** Rows of unequal height: longer than this they stand on pages, of which one is in the document. */
const plainRowsMax = 500;
const pageRows = 200;
const printRowsMax = 500;

interface PagedRowsProps<T> {
  readonly rows: readonly T[];
  readonly printing: boolean;
  /** Place of the row the address names, whose page is opened; -1 without one. */
  readonly chosen?: number;
  /** Draws the rows of the page. */
  render(rows: readonly T[]): ComponentChildren;
}

/** A list of rows of any height that stays fast when long; on paper its first 500. */
export function PagedRows<T>({ rows, printing, chosen = -1, render }: PagedRowsProps<T>) {
  const size = printing ? printRowsMax : rows.length > plainRowsMax ? pageRows : plainRowsMax;
  const [page, setPage] = useState(0);
  useLayoutEffect(() => setPage(Math.max(0, Math.floor(chosen / size))), [chosen, rows.length]);
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const at = printing ? 0 : Math.min(page, pages - 1);
  const shown = rows.slice(at * size, (at + 1) * size);
  const rest = rows.length - shown.length;
  return (
    <>
      {render(shown)}
      {printing && rest > 0 ? (
        <Notice kind="note">
          <Fig figure={countFigure(rest)} /> more rows are not printed.
        </Notice>
      ) : null}
      {printing || pages === 1 ? null : (
        <>
          <Notice kind="note">
            One page of rows is in the document; the filter (/) searches all{" "}
            <Fig figure={countFigure(rows.length)} />.
          </Notice>
          <Pager page={at} pages={pages} onPage={setPage} />
        </>
      )}
    </>
  );
}
