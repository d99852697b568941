import type { Figure } from "@loadline/contract";
import { useState } from "preact/hooks";
import { Fig } from "./figure.tsx";
import { Pager } from "./pager.tsx";

const pageRows = 25;
const printRowsMax = 500;

/** The rows of a chart as a table: the same arrays the chart is drawn from. */
export interface TableData {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Figure[])[];
}

interface TableTwinProps {
  readonly table: TableData;
  readonly label: string;
  readonly printing: boolean;
}

/** A chart's table, 25 rows a page. */
export function TableTwin({ table, label, printing }: TableTwinProps) {
  const [page, setPage] = useState(0);
  const size = printing ? printRowsMax : pageRows;
  const pages = Math.max(1, Math.ceil(table.rows.length / size));
  const at = Math.min(page, pages - 1);
  return (
    <div class="twin">
      <div class="scroll" tabIndex={0} role="region" aria-label={`${label}, table`}>
        <table>
          <thead>
            <tr>
              {table.columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.slice(at * size, (at + 1) * size).map((row, index) => (
              <tr key={at * size + index}>
                {row.map((figure, column) => (
                  <td key={column}>
                    <Fig figure={figure} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Pager page={at} pages={pages} onPage={setPage} />
    </div>
  );
}
