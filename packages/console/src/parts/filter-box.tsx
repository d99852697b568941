import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { FilterKey } from "../model/filter.ts";
import { countFigure } from "../model/format.ts";
import { Fig } from "./figure.tsx";

interface FilterBoxProps {
  readonly query: string;
  readonly keys: readonly FilterKey[];
  readonly shown: number;
  readonly total: number;
  /** Beside the count, such as what saves the rows. */
  readonly aside?: ComponentChildren;
  onQuery(query: string): void;
}

/** The filter of a list; its text lives in the address, so a filtered view can be sent. */
export function FilterBox({ query, keys, shown, total, aside, onQuery }: FilterBoxProps) {
  const id = useId();
  return (
    <div class="filter">
      <label for={id}>Filter</label>
      <input
        id={id}
        type="search"
        data-filter
        autocomplete="off"
        spellcheck={false}
        value={query}
        placeholder={`words, ${keys.map((key) => `${key}:`).join(" ")} - excludes`}
        onInput={(event) => onQuery(event.currentTarget.value)}
      />
      <span class="muted" role="status">
        <Fig figure={countFigure(shown)} /> of <Fig figure={countFigure(total)} />
      </span>
      {aside}
    </div>
  );
}
