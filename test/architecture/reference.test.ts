import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { configRows } from "../../scripts/reference/config.ts";
import { errorEntries, rowsOf } from "../../scripts/reference/errors.ts";
import { metricRows, metricsText } from "../../scripts/reference/metrics.ts";
import { page, table } from "../../scripts/reference/markdown.ts";
import { referencePages } from "../../scripts/reference/pages.ts";
import { goalTable, missed } from "../../scripts/reference/performance.ts";
import { errorCodes } from "./rules/domain.ts";
import { readTree, repositoryRoot } from "./tree.ts";

/** Paths whose text is not what the code says. */
function drifted(pages: ReadonlyMap<string, string>, read: (path: string) => string): string[] {
  return [...pages].filter(([path, text]) => read(path) !== text).map(([path]) => path);
}

/** Names of the metrics that a source defines. */
function metricsDefined(source: string): string[] {
  const definition =
    /\b(?:counter|gauge|histogram|info)\(\s*(?:"((?:loadline|process)_\w+)"|(\w+))/g;
  return [...source.matchAll(definition)].flatMap(([, name, constant]) => {
    const given = new RegExp(`const ${constant} = "((?:loadline|process)_\\w+)"`).exec(source);
    return name ?? given?.[1] ?? [];
  });
}

describe("docs/reference", async () => {
  const tree = readTree(repositoryRoot);
  const pages = await referencePages(repositoryRoot);
  const read = (path: string): string => (tree.paths.includes(path) ? tree.read(path) : "");

  it("equals what the tables in the code say; `npm run docs` writes it", () => {
    expect(drifted(pages, read)).toEqual([]);
  });

  it("holds no page that nothing generates", () => {
    const root = `${repositoryRoot}docs/reference`;
    const written = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => `docs/reference${parentPath.slice(root.length)}/${name}`);
    expect(written.filter((path) => !pages.has(path))).toEqual([]);
  });

  it("is red when one character of a page is edited", () => {
    const [first] = pages.keys();
    expect(drifted(pages, (path) => read(path) + (path === first ? "x" : ""))).toEqual([first]);
  });

  it("lists every metric that the gateway's sources define, and no other", () => {
    const sources = tree.paths.filter((path) => /^packages\/gateway\/src\/.*\.ts$/.test(path));
    const defined = sources
      .filter((path) => !/\.(?:test|fixture)\.ts$/.test(path))
      .flatMap((path) => metricsDefined(tree.read(path)));
    const listed = metricRows(metricsText()).map(({ name }) => name);
    expect(listed.sort()).toEqual([...new Set(defined)].sort());
  });

  it("lists every code of every table, each with a summary and a remedy", async () => {
    const entries = await errorEntries(repositoryRoot);
    const listed = new Set(entries.map((entry) => entry.code));
    const { tables } = errorCodes(tree);
    expect([...tables.keys()].filter((name) => !listed.has(name))).toEqual([]);
    expect(entries.filter((e) => e.summary === "" || e.remedy === "")).toEqual([]);
  });
});

describe("the pages' parts", () => {
  it("reads plain tables and tables of defineErrors, and nothing else", () => {
    const row = { status: 400, fault: "caller", retryable: true, summary: "s", remedy: "r" };
    const found = rowsOf(
      { plain: { LL_A_B: row }, made: { table: { LL_C_D: row } }, other: { a: 1 }, n: 3 },
      "kit",
    );
    expect(found.map((entry) => [entry.code, entry.status, entry.retryable])).toEqual([
      ["LL_A_B", "400", "yes"],
      ["LL_C_D", "400", "yes"],
    ]);
  });

  it("escapes a bar and a line end inside a cell", () => {
    expect(table(["a"], [["b | c\nd"]])).toBe("| a |\n|---|\n| b \\| c d |");
  });

  it("says of each goal of a bench what was found, and never that what is absent was reached", () => {
    const rows = [
      { subject: "a", ratio: 0.9, lost: 0 },
      { subject: "b", ratio: "not here" },
    ];
    const goals = [
      { row: "a", figure: "ratio", atLeast: 0.9 },
      { row: "a", figure: "ratio", atLeast: 0.91 },
      { row: "a", figure: "lost", atMost: 0 },
      { row: "a", figure: "ratio", atMost: 0.8 },
      { row: "b", figure: "ratio", atLeast: 0 },
      { row: "c", figure: "ratio", atMost: 1 },
    ];
    const cells = goalTable(goals, rows)
      .split("\n")
      .slice(2)
      .map((line) => line.split(" | ").slice(2).join(" "));
    expect(cells).toEqual([
      ">= 0.9 0.9 yes |",
      ">= 0.91 0.9 no |",
      "<= 0 0 yes |",
      "<= 0.8 0.9 no |",
      ">= 0 not here not measured |",
      "<= 1 not measured not measured |",
    ]);
  });

  it("names, for each goal that was missed, the profile that shows why", () => {
    const measured = { day: "2026-01-01", machine: { cpu: "c", cores: 1, node: "v24" } };
    const profile = {
      ...measured,
      bench: "gateway-profile",
      rows: [
        { area: "small", gatewayPercent: 1.5, relayPercent: 0 },
        { area: "large", gatewayPercent: 40, relayPercent: 51.5 },
      ],
    };
    const result = {
      ...measured,
      bench: "gateway-cpu",
      goals: [
        { row: "gateway", figure: "ratio", atLeast: 1 },
        { row: "gateway", figure: "ratio", atLeast: 0.5 },
        { row: "absent", figure: "ratio", atLeast: 1 },
      ],
      rows: [{ subject: "gateway", ratio: 0.75 }],
    };
    expect(missed(result, [result, profile])).toEqual([
      "- Not reached: ratio of gateway is 0.75, its goal >= 1; " +
        "see [gateway-profile](#gateway-profile).",
      "There the gateway, on its own front and with all limits in its process, spends most on: " +
        "large 40 % (relay 51.5 %); small 1.5 % (relay 0 %).",
    ]);
    expect(missed(result, [result]).join()).toContain("no profile of it is kept");
    expect(missed({ ...result, goals: result.goals.slice(1) }, [profile])).toEqual([]);
  });

  it("says beside a goal that was missed what a pipe of bytes comes to under the same load", () => {
    const result = {
      day: "2026-01-01",
      machine: { cpu: "c", cores: 1, node: "v24" },
      bench: "gateway-cpu",
      goals: [
        { row: "gateway", figure: "ratio", atLeast: 1 },
        { row: "gateway at 500/s", figure: "ratio", atLeast: 1 },
        { row: "gateway", figure: "lost", atMost: 0 },
        { row: "peer", figure: "timesGateway", atLeast: 25 },
      ],
      rows: [
        { subject: "pipe of bytes", ratio: 1.5 },
        { subject: "pipe of bytes at 500/s", ratio: 1.25 },
        { subject: "gateway", ratio: 0.75, lost: 1 },
        { subject: "gateway at 500/s", ratio: 0.5 },
        { subject: "peer", ratio: 0.0625, timesGateway: 12 },
      ],
    };
    const floors = missed(result, [])
      .join()
      .matchAll(/its goal (\S+ \d+)(?:, a pipe of bytes alone ([\d.]+))?;/g);
    expect([...floors].map(([, goal, floor]) => [goal, floor])).toEqual([
      [">= 1", "1.5"],
      [">= 1", "1.25"],
      ["<= 0", undefined],
      [">= 25", "24"],
    ]);
  });

  it("marks every page as generated", () => {
    expect(page("T", "i", "s").split("\n")[0]).toContain("npm run docs");
  });

  it("reads every key of a schema with its type, bounds and default", () => {
    const schema = {
      properties: {
        listen: {
          properties: { port: { type: "integer", minimum: 0, default: 1, description: "P" } },
        },
        routes: { additionalProperties: { properties: { models: { type: "array", items: {} } } } },
        mode: { enum: ["a", "b"] },
      },
    };
    expect(configRows(schema)).toEqual([
      { key: "listen.port", type: "integer 0..", standard: "1", meaning: "P" },
      { key: "routes.<name>.models", type: "array", standard: "", meaning: "" },
      { key: "mode", type: '"a", "b"', standard: "", meaning: "" },
    ]);
  });

  it("reads the families of an OpenMetrics text with their labels", () => {
    const text = [
      "# TYPE a_seconds histogram",
      "# HELP a_seconds Time.",
      'a_seconds_bucket{route="r",le="0.5"} 0',
      "# TYPE b gauge",
      "# HELP b Level.",
      "b 0",
      "# EOF",
    ].join("\n");
    expect(metricRows(text)).toEqual([
      { name: "a_seconds", type: "histogram", labels: ["route"], help: "Time." },
      { name: "b", type: "gauge", labels: [], help: "Level." },
    ]);
  });
});
