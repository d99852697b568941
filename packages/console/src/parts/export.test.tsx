import { afterEach, describe, expect, it } from "vitest";
import { fixtureModel } from "../../test/fixture-model.ts";
import { one, openPage } from "../../test/page/page.ts";
import {
  chartTable,
  claimTable,
  findingTable,
  recordTable,
  untestedTable,
} from "../model/export-rows.ts";
import { overTimeTable } from "../model/chart-data.ts";
import { untestedParts } from "../model/claim-rows.ts";
import { Export } from "./export.tsx";

const model = fixtureModel({ slices: 8 });
const { claims } = model.verdict;

describe("export", () => {
  const { createObjectURL, revokeObjectURL } = URL;
  afterEach(() => void Object.assign(URL, { createObjectURL, revokeObjectURL }));

  it("each button saves a file of its own kind, made in the page, and gives the memory back", async () => {
    using page = openPage();
    const blobs: Blob[] = [];
    const taken: string[] = [];
    Object.assign(URL, {
      createObjectURL: (blob: Blob) => `blob:null/${blobs.push(blob)}`,
      revokeObjectURL: (url: string) => void taken.push(url),
    });
    const table = { columns: ["id"], rows: [["=a"]] };
    const root = page.show(<Export name="claims" table={() => table} json={() => ["=a"]} />);
    for (const button of root.querySelectorAll("button")) page.click(button);
    expect(blobs.map(({ type }) => type)).toEqual(["text/csv", "application/json"]);
    expect(await Promise.all(blobs.map((blob) => blob.text()))).toEqual([
      "id\r\n'=a\r\n",
      '[\n  "=a"\n]\n',
    ]);
    expect(taken).toEqual(["blob:null/1", "blob:null/2"]);
    expect(one(root, "button").textContent).toBe("CSV of claims");
  });

  it("every table has as many cells in each row as columns", () => {
    const [series] = model.load;
    if (series === undefined) throw new Error("the fixture has one series");
    const tables = {
      claims: claimTable(claims),
      untested: untestedTable(untestedParts(claims)),
      findings: findingTable(model.findings),
      records: recordTable(model.records),
      chart: chartTable(overTimeTable(series)),
    };
    for (const [name, { columns, rows }] of Object.entries(tables)) {
      expect(rows.length, name).toBeGreaterThan(0);
      for (const row of rows) expect(row.length, name).toBe(columns.length);
    }
    expect(tables.chart.columns).toContain("p99 (ms)");
  });

  it("what was not measured is no zero, and what was carries its unit beside it", () => {
    const { columns, rows } = claimTable(claims);
    const of = (name: string) => rows.map((row) => row[columns.indexOf(name)]);
    for (const [index, { observed, verdict }] of claims.entries()) {
      expect(of("observed")[index]).toBe(observed?.value ?? null);
      expect(of("verdict")[index]).toBe(verdict);
    }
    expect(of("observed")).toContain(null);
    expect(of("observed")).not.toContain(0);
    expect(new Set(of("unit"))).toEqual(new Set(["ms", ""]));
  });
});
