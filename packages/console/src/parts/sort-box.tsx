import { useId } from "preact/hooks";
import { claimSorts, type ClaimSort } from "../model/claim-rows.ts";

interface SortBoxProps {
  readonly sort: ClaimSort;
  onSort(sort: ClaimSort): void;
}

/** The order of a list of claims; it lives in the address. */
export function SortBox({ sort, onSort }: SortBoxProps) {
  const id = useId();
  return (
    <span class="sort">
      <label for={id}>Order</label>{" "}
      <select
        id={id}
        value={sort}
        onChange={({ currentTarget: { value } }) =>
          onSort(claimSorts.find((one) => one === value) ?? "plan")
        }
      >
        {claimSorts.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </span>
  );
}
