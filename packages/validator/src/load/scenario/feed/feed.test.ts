import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGeneratedFeed, createTableFeed, type FeedPlan } from "./feed.ts";
import { feedOrders, rowOf, type FeedOrder } from "./order.ts";
import { type FeedFile, type FeedForm, readFeed } from "./read-feed.ts";
import { type FeedRow, type FeedTable, TableReader } from "./table.ts";

let folder = "";
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "loadline-feed-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(
  form: FeedForm,
  content: string | Buffer,
  o: Partial<FeedFile> = {},
): Promise<FeedTable> {
  const path = join(folder, `feed.${form}`);
  writeFileSync(path, content);
  return await readFeed({ form, path, shown: `feed.${form}`, secret: [], ...o });
}

const rowsOf = (table: FeedTable): FeedRow[] => {
  const reader = new TableReader(table);
  return Array.from({ length: table.rows }, (_, i) => reader.row(i));
};

const refusal = async (reading: Promise<FeedTable>): Promise<string> =>
  await reading.then(
    () => "accepted",
    (error: unknown) =>
      error instanceof Error && "code" in error
        ? `${String(error.code)} ${error.message}`
        : String(error),
  );

describe("CSV feeder", () => {
  it("reads quotes, doubled quotes, commas and line ends within quotes, CRLF and a byte order mark", async () => {
    const text = '\ufeffid,q\r\n1,"a, ""b""\nc"\r\n2,\r\n3,"漢字"\r\n\r\n';
    const table = await read("csv", text);
    expect(table.columns).toEqual(["id", "q"]);
    expect(rowsOf(table)).toEqual([
      { id: "1", q: 'a, "b"\nc' },
      { id: "2", q: "" },
      { id: "3", q: "漢字" },
    ]);
  });

  it("an empty quoted value of a single column is a row, an empty line is not", async () => {
    expect(rowsOf(await read("csv", 'q\n""\nx\n'))).toEqual([{ q: "" }, { q: "x" }]);
    expect(await refusal(read("csv", "q\n\nx\n"))).toContain("feed.csv:2: an empty line");
  });

  it.each([
    ["", "feed.csv:1: is empty"],
    ["a,b\n", "feed.csv:1: has no rows"],
    ["a,b\n1,2\n1\n", "feed.csv:3: 1 fields where the header has 2"],
    ['a,b\n"x\ny",2\n1,2,3\n', "feed.csv:4: 3 fields where the header has 2"],
    ['a\n"x\ny', "feed.csv:2: a quote that is never closed"],
    ['a\nx"y\n', "feed.csv:2: a quote inside a field without quotes"],
    ['a\n"x"y\n', "feed.csv:2: text after a closing quote"],
    ["a,a\n1,2\n", 'feed.csv:1: the column "a" is named twice'],
    ["a,\n1,2\n", "feed.csv:1: a column of the header has no name"],
  ])("%j is refused with its line", async (text, message) => {
    expect(await refusal(read("csv", text))).toBe(`LL_LOAD_FEED_INVALID ${message}.`);
  });

  it("bytes that are not UTF-8 are refused with their line", async () => {
    const bytes = Buffer.concat([Buffer.from("a\nok\n"), Buffer.from([0x66, 0xff, 0x0a])]);
    expect(await refusal(read("csv", bytes))).toContain("feed.csv:3: not UTF-8");
  });

  it("a file above its size and one that is absent are refused by name", async () => {
    expect(await refusal(read("csv", "a\n12345\n", { bytesMax: 7 }))).toContain(
      "feed.csv:1: 8 bytes, at most 7",
    );
    const absent = readFeed({ form: "csv", path: "/nowhere/x.csv", shown: "x.csv", secret: [] });
    expect(await refusal(absent)).toMatch(/^LL_LOAD_FEED_INVALID x\.csv: ENOENT/);
  });

  it("any table written by the RFC is read back as it was", async () => {
    const value = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r\n", "é", " ") });
    const table = fc.integer({ min: 1, max: 4 }).chain((width) =>
      fc.array(fc.array(value, { minLength: width, maxLength: width }), {
        minLength: 1,
        maxLength: 5,
      }),
    );
    await fc.assert(
      fc.asyncProperty(table, async (rows) => {
        const columns = (rows[0] ?? []).map((_, i) => `c${i}`);
        const line = (fields: readonly string[]): string =>
          fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(",");
        const text = [columns.join(","), ...rows.map(line)].join("\n");
        const back = rowsOf(await read("csv", text));
        expect(back.map((row) => columns.map((column) => row[column]))).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  });
});

describe("JSON feeders", () => {
  it("JSONL and a JSON list give the same rows, numbers and objects kept", async () => {
    const rows = [
      { id: 1, o: { a: [1] } },
      { o: null, id: 2 },
    ];
    const lines = rows.map((row) => JSON.stringify(row)).join("\n");
    expect(rowsOf(await read("jsonl", `${lines}\n`))).toEqual(rows);
    expect(rowsOf(await read("json", JSON.stringify(rows)))).toEqual(rows);
  });

  it.each([
    ["jsonl", '{"a":1}\n{"a":\n', "feed.jsonl:2: not JSON"],
    ["jsonl", '{"a":1}\n[1]\n', "feed.jsonl:2: not an object"],
    ["jsonl", '{"a":1}\n{"b":1}\n', 'feed.jsonl:2: "a" is missing'],
    ["jsonl", '{"a":1}\n{"a":1,"b":2}\n', 'feed.jsonl:2: "b" is not in the first row'],
    ["jsonl", '{"a":1}\n\n{"a":2}\n', "feed.jsonl:2: an empty line"],
    ["jsonl", "\n", "feed.jsonl:1: is empty"],
    ["json", "{}", "feed.json:1: is not a list"],
    ["json", "[]", "feed.json:1: is empty"],
    ["json", '[{"a":1},\n{"a":}]', "feed.json:2: not JSON"],
    ["json", '[{"a":1},{"b":1}]', 'feed.json:1: item 1: "a" is missing'],
  ] as const)("%s %j is refused with its line", async (form, text, message) => {
    expect(await refusal(read(form, text))).toBe(`LL_LOAD_FEED_INVALID ${message}.`);
  });

  it("a broken line is named, never quoted: it may hold a secret", async () => {
    const message = await refusal(
      read("jsonl", '{"password":"hunter2"\n', { secret: ["password"] }),
    );
    expect(message).not.toContain("hunter2");
  });
});

describe("order of rows", () => {
  const orders = feedOrders.filter((order) => order !== "perVu" && order !== "random");

  it("sequential, shuffle and unique give each row exactly once per pass, at every size", () => {
    const sizes = fc.record({ rows: fc.integer({ min: 1, max: 300 }), seed: fc.nat() });
    fc.assert(
      fc.property(sizes, fc.constantFrom(...orders), ({ rows, seed }, order) => {
        const seen = Array.from({ length: rows }, (_, index) =>
          rowOf(order, rows, seed, { index, vu: 0 }),
        );
        expect(new Set(seen).size).toBe(rows);
        expect(Math.min(...seen)).toBe(0);
        expect(Math.max(...seen)).toBe(rows - 1);
      }),
    );
  });

  it("workers that share the arrivals give the same rows as one worker alone", () => {
    const rows = 37;
    for (const order of ["sequential", "shuffle", "random", "unique"] as const) {
      const one = Array.from({ length: 100 }, (_, index) =>
        rowOf(order, rows, 7, { index, vu: 0 }),
      );
      const split: number[] = [];
      for (const worker of [2, 0, 1]) {
        for (let index = worker; index < 100; index += 3) {
          split[index] = rowOf(order, rows, 7, { index, vu: worker });
        }
      }
      expect(split).toEqual(one);
    }
  });

  it("unique ends after the last row, the others begin again", () => {
    const at = (order: FeedOrder, index: number): number => rowOf(order, 3, 7, { index, vu: 0 });
    expect([0, 1, 2, 3, 9].map((index) => at("unique", index))).toEqual([0, 1, 2, -1, -1]);
    expect([0, 3, 7].map((index) => at("sequential", index))).toEqual([0, 0, 1]);
  });

  it("perVu keeps a row for each virtual user whatever it asks", () => {
    const at = (vu: number, index: number): number => rowOf("perVu", 3, 7, { index, vu });
    expect([at(0, 0), at(0, 9), at(1, 5), at(4, 5)]).toEqual([0, 0, 1, 1]);
  });

  it("shuffle differs by seed and by pass; random reaches every row", () => {
    const pass = (seed: number, from: number): number[] =>
      Array.from({ length: 50 }, (_, i) => rowOf("shuffle", 50, seed, { index: from + i, vu: 0 }));
    expect(pass(1, 0)).toEqual(pass(1, 0));
    expect(pass(1, 0)).not.toEqual(pass(2, 0));
    expect(pass(1, 0)).not.toEqual(pass(1, 50));
    const random = Array.from({ length: 500 }, (_, index) =>
      rowOf("random", 20, 3, { index, vu: 0 }),
    );
    expect(new Set(random).size).toBe(20);
  });
});

describe("feed", () => {
  const plan: FeedPlan = {
    source: "f",
    order: "unique",
    secret: ["pw"],
    table: null,
    generator: null,
  };

  it("rows cross to another thread as shared memory, not as a copy", async () => {
    const table = await read("csv", "a\n1\n2\n");
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(table);
    const received: unknown = receiveMessageOnPort(port2)?.message;
    port1.close();
    new Uint8Array(table.data).set(Buffer.from('["9"]'));
    const other = received as FeedTable;
    expect(new TableReader(other).row(0)).toEqual({ a: "9" });
  });

  it("unique is over after its last row, and secret values are known for removal", async () => {
    const table = await read("csv", "user,pw\nann,s3\n", { secret: ["pw"] });
    const feed = createTableFeed(plan, table, 7);
    const row = feed.row({ index: 0, vu: 0 });
    expect(row).toEqual({ user: "ann", pw: "s3" });
    expect(feed.secretsOf(row ?? {})).toEqual(["s3"]);
    expect(feed.row({ index: 1, vu: 0 })).toBeNull();
  });

  it("the digest says which rows were used and nothing of the secret ones", async () => {
    const digest = async (text: string, secret: string[]): Promise<string> =>
      (await read("csv", text, { secret })).digest;
    const base = await digest("u,pw\na,x\n", ["pw"]);
    expect(await digest("u,pw\na,y\n", ["pw"])).toBe(base);
    expect(await digest("u,pw\nb,x\n", ["pw"])).not.toBe(base);
    expect(await digest("u,pw\na,y\n", [])).not.toBe(await digest("u,pw\na,x\n", []));
    expect(await refusal(read("csv", "u\na\n", { secret: ["pw"] }))).toContain(
      'the secret column "pw" is not there',
    );
  });

  it("a generator's row depends on the arrival only; no row ends the scenario", () => {
    const made = createGeneratedFeed(
      plan,
      (index, random) => (index < 5 ? { n: index, x: random.unit(), pw: "p" } : null),
      7,
    );
    expect(made.row({ index: 3, vu: 0 })).toEqual(made.row({ index: 3, vu: 9 }));
    expect(made.row({ index: 3, vu: 0 })).not.toEqual(made.row({ index: 4, vu: 0 }));
    expect(made.secretsOf(made.row({ index: 0, vu: 0 }) ?? {})).toEqual(["p"]);
    expect(made.row({ index: 5, vu: 0 })).toBeNull();
    const wrong = createGeneratedFeed(plan, () => [1], 7);
    expect(() => wrong.row({ index: 0, vu: 0 })).toThrow("made a row that is no object");
  });
});
