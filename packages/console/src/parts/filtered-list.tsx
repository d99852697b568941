import type { ComponentChildren } from "preact";
import type { FilterKey } from "../model/filter.ts";
import { FilterBox } from "./filter-box.tsx";
import { Notice } from "./notice.tsx";
import { WindowedList } from "./windowed-list.tsx";

interface FilteredListProps<T> {
  readonly query: string;
  /** Keys the filter knows, besides words. */
  readonly keys: readonly FilterKey[];
  /** Rows that fit the filter. */
  readonly rows: readonly T[];
  /** Rows there are without it. */
  readonly total: number;
  readonly label: string;
  /** What stands in place of no row. */
  readonly empty: string;
  /** Height of one row, equal for all. */
  readonly rowPx: number;
  readonly printing: boolean;
  /** Beside the filter. */
  readonly aside?: ComponentChildren;
  keyOf(row: T): string | number;
  render(row: T): ComponentChildren;
  onQuery(query: string): void;
}

/** Rows under their filter, or the words that say why there is none. */
export function FilteredList<T>({
  query,
  keys,
  total,
  empty,
  aside,
  onQuery,
  ...o
}: FilteredListProps<T>) {
  const shown = o.rows.length;
  return (
    <>
      <FilterBox {...{ query, keys, shown, total, aside, onQuery }} />
      {shown === 0 ? <Notice kind="empty">{empty}</Notice> : <WindowedList {...o} />}
    </>
  );
}
