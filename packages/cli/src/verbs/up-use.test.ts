import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { useLines } from "./up-use.ts";

const url = "http://127.0.0.1:8080";

describe("how the gateway that serves is asked", () => {
  it("the line is one command of a shell that sends the key of the file, whatever the folder's name", () => {
    const dir = mkdtempSync(join(tmpdir(), "ll two words' "));
    const file = join(dir, "local.key");
    writeFileSync(file, "ll_local_abc\n");
    const text = useLines({ url, label: `in ${file}`, file, model: "tiny" });
    const [key, ...rest] = text.split("\n");
    expect(key).toBe(`api key     in ${file}`);
    const line = rest.join("\n").replace(/^try +curl/, "printf '%s\\n'");
    const words = execFileSync("bash", ["-c", line], { encoding: "utf8" }).trimEnd().split("\n");
    expect(words).toEqual([
      `${url}/v1/chat/completions`,
      "-H",
      "authorization: Bearer ll_local_abc",
      "-H",
      "content-type: application/json",
      "-d",
      expect.stringContaining('"model":"tiny"'),
    ]);
    expect(JSON.parse(words.at(-1) ?? "")).toMatchObject({ messages: [{ role: "user" }] });
  });
});
