import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { countFigure } from "../model/format.ts";
import { Fig } from "./figure.tsx";
import { Notice } from "./notice.tsx";

/** Lists longer than this are windowed: only what is on screen is in the page. */
const plainRowsMax = 500;
const windowRowsMax = 160;
const printRowsMax = 500;

interface WindowedListProps<T> {
  readonly rows: readonly T[];
  readonly label: string;
  /** Height of one row, equal for all. */
  readonly rowPx: number;
  readonly printing: boolean;
  keyOf(row: T): string | number;
  render(row: T): ComponentChildren;
}

/** A list of equal-height rows that stays fast when long; rows keep their place for readers. */
export function WindowedList<T>(props: WindowedListProps<T>) {
  const { rows, rowPx, printing } = props;
  const box = useRef<HTMLDivElement>(null);
  const [first, setFirst] = useState(0);
  const windowed = rows.length > plainRowsMax && !printing;
  const count = printing ? printRowsMax : windowed ? windowRowsMax : rows.length;
  const start = windowed ? Math.min(first, Math.max(0, rows.length - count)) : 0;
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = 0;
    setFirst(0);
  }, [rows.length]);
  const held = useRef(false);
  const onScroll = (): void => {
    const top = Math.floor((box.current?.scrollTop ?? 0) / rowPx);
    const next = Math.max(0, top - 50);
    if (Math.abs(next - first) < 20 && next !== 0) return;
    held.current = holdsFocus(box.current);
    setFirst(next);
  };
  useLayoutEffect(() => {
    // A row that left the page took the focus along; the list has it then, not the page's start.
    if (held.current && !holdsFocus(box.current)) box.current?.focus({ preventScroll: true });
    held.current = false;
  }, [start]);
  const shown = rows.slice(start, start + count);
  return (
    <>
      <div
        ref={box}
        class={windowed ? "rows rows-windowed" : "rows"}
        role="list"
        aria-label={props.label}
        tabIndex={windowed ? 0 : undefined}
        onScroll={windowed ? onScroll : undefined}
      >
        <div style={{ height: windowed ? `${start * rowPx}px` : "0" }} />
        {shown.map((row, index) => (
          <div
            key={props.keyOf(row)}
            class="row"
            style={windowed ? { height: `${rowPx}px` } : {}}
            role="listitem"
            aria-setsize={rows.length}
            aria-posinset={start + index + 1}
          >
            {props.render(row)}
          </div>
        ))}
        <div
          style={{ height: windowed ? `${(rows.length - start - shown.length) * rowPx}px` : "0" }}
        />
      </div>
      <LeftOut windowed={windowed} rows={rows.length} shown={shown.length} />
    </>
  );
}

const holdsFocus = (box: HTMLElement | null): boolean =>
  box !== null && document.activeElement !== null && box.contains(document.activeElement);

interface LeftOutProps {
  readonly windowed: boolean;
  readonly rows: number;
  readonly shown: number;
}

/** Why not every row is in the page: a browser's own search and the paper see only those that are. */
function LeftOut({ windowed, rows, shown }: LeftOutProps) {
  if (rows === shown) return null;
  return windowed ? (
    <Notice kind="note">
      Only the rows near the view are in the page; the filter (/) searches all{" "}
      <Fig figure={countFigure(rows)} />.
    </Notice>
  ) : (
    <Notice kind="note">
      <Fig figure={countFigure(rows - shown)} /> more rows are not printed.
    </Notice>
  );
}
