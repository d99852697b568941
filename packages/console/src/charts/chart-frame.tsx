import type { ComponentChildren, RefObject } from "preact";
import { useState } from "preact/hooks";
import type { ChartTable } from "../model/chart-data.ts";
import { chartTable } from "../model/export-rows.ts";
import { Export } from "../parts/export.tsx";
import { Fig } from "../parts/figure.tsx";
import { TableTwin } from "../parts/table-twin.tsx";

interface ChartFrameProps {
  readonly title: string;
  /** One sentence with the main figures. */
  readonly summary: ComponentChildren;
  readonly table: ChartTable;
  readonly printing: boolean;
  readonly address?: string;
  readonly box?: RefObject<HTMLElement | null>;
  /** Draws the chart; `cursor` is the row under the reader's cursor, null without one. */
  draw(cursor: number | null, onCursor: (row: number | null) => void): ComponentChildren;
}

/**
 * A chart with its summary, an arrow-key cursor that is announced, and the table of the same
 * arrays.
 */
export function ChartFrame({ title, summary, table, printing, draw, ...at }: ChartFrameProps) {
  const [cursor, setCursor] = useState<number | null>(null);
  const [tabled, setTabled] = useState(false);
  const rows = table.rows.length;
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = cursorAfter(event.key, cursor, rows);
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    setCursor(next);
  };
  return (
    <figure class="chart" {...(at.box && { ref: at.box })}>
      <figcaption>
        <h3>{at.address === undefined ? title : <a href={at.address}>{title}</a>}</h3>
        <p class="muted">{summary}</p>
        <button type="button" aria-pressed={tabled} onClick={() => setTabled(!tabled)}>
          table
        </button>
      </figcaption>
      <div
        class="chart-area"
        role="group"
        tabIndex={0}
        aria-label={`${title}: arrow keys move the cursor`}
        onKeyDown={onKeyDown}
      >
        {draw(cursor, setCursor)}
      </div>
      <Readout table={table} cursor={cursor} />
      {tabled && !printing ? (
        <Export name={title} table={() => chartTable(table)} json={() => table} />
      ) : null}
      {tabled || printing ? <TableTwin table={table} label={title} printing={printing} /> : null}
    </figure>
  );
}

/** The cursor after a key; `undefined` for a key that is not the chart's. */
function cursorAfter(key: string, cursor: number | null, rows: number): number | null | undefined {
  if (key === "Escape") return cursor === null ? undefined : null;
  if (rows === 0) return undefined;
  if (key === "Home") return 0;
  if (key === "End") return rows - 1;
  if (key === "ArrowRight") return Math.min(rows - 1, (cursor ?? -1) + 1);
  if (key === "ArrowLeft") return Math.max(0, (cursor ?? rows) - 1);
  return undefined;
}

function Readout({
  table,
  cursor,
}: {
  readonly table: ChartTable;
  readonly cursor: number | null;
}) {
  const row = cursor === null ? undefined : table.rows[cursor];
  return (
    <p class="readout" role="status">
      {row === undefined
        ? "\u00a0"
        : table.columns.map((column, index) => (
            <span key={column}>
              {column} <Fig figure={row[index] ?? null} />
            </span>
          ))}
    </p>
  );
}
