import { csvOf, type ExportTable } from "../model/export.ts";

interface ExportProps {
  /** Of the files, without their ending, e.g. `claims`. */
  readonly name: string;
  readonly table: () => ExportTable;
  readonly json: () => unknown;
}

/** Saves what a list shows; both files are made here, nothing is asked of anybody. */
export const Export = ({ name, table, json }: ExportProps) => (
  <span class="export">
    <button type="button" onClick={() => save(`${name}.csv`, "text/csv", csvOf(table()))}>
      CSV<span class="hidden"> of {name}</span>
    </button>
    <button
      type="button"
      onClick={() =>
        save(`${name}.json`, "application/json", `${JSON.stringify(json(), null, 2)}\n`)
      }
    >
      JSON<span class="hidden"> of {name}</span>
    </button>
  </span>
);

function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.setAttribute("href", url);
  link.setAttribute("download", name);
  link.click();
  URL.revokeObjectURL(url);
}
