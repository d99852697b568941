import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inspectModule } from "./inspect.ts";
import type { Inspected } from "./inspect-thread.ts";

let folder = "";
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "loadline-inspect-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
async function inspect(text: string): Promise<Inspected> {
  const file = `./m${count++}.ts`;
  writeFileSync(join(folder, file), text);
  return await inspectModule(folder, file, systemClock());
}

const refusal = async (text: string): Promise<string> =>
  await inspect(text).then(
    () => "accepted",
    (error: unknown) =>
      error instanceof Error && "code" in error ? `${String(error.code)} ${error.message}` : "?",
  );

describe("inspecting a scenario's module", () => {
  it("names its functions and gives its definitions as data with references", async () => {
    const seen = await inspect(`
      export async function chat() {}
      export const load = { target: { baseUrl: "http://127.0.0.1" }, setup: () => 1,
        scenarios: { a: { vus: 1, exec: async () => {} }, b: { mix: { p: { weight: 1, exec() {} } } } } };
      export const unrelated = 7;
    `);
    expect(seen.functions).toEqual(["chat"]);
    const file = `./m${count - 1}.ts`;
    expect(seen.definitions["load"]).toEqual({
      target: { baseUrl: "http://127.0.0.1" },
      setup: `${file}#load/setup`,
      scenarios: {
        a: { vus: 1, exec: `${file}#load` },
        b: { mix: { p: { weight: 1, exec: `${file}#load/p` } } },
      },
    });
  });

  it.each([
    ["throw new Error('boom');", "boom"],
    ["export const = 1;", "throws when it is imported"],
    ["import './absent.ts';", "throws when it is imported"],
    ["setInterval(() => {}, 1000);", "opens Timeout when it is imported"],
    [
      "import { createServer } from 'node:net'; createServer().listen(0, '127.0.0.1');",
      "opens TCPServerWrap",
    ],
    ["process.exit(0);", "ends the thread that imports it"],
  ])("%s is refused", async (text, message) => {
    const said = await refusal(text);
    expect(said).toMatch(/^LL_LOAD_SCENARIO_IMPORT \.\/m\d+\.ts: /);
    expect(said).toContain(message);
  });
});
