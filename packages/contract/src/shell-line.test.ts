import { execFileSync, type StdioOptions } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { shellLine } from "./shell-line.ts";

describe("shell line", () => {
  it("a shell line quotes all but the variable of the key", () => {
    expect(shellLine(["curl", "-H", "authorization: Bearer $KEY", "it's"])).toBe(
      `curl -H 'authorization: Bearer '"$KEY" 'it'\\''s'`,
    );
  });

  it.each([
    ["$ACCESS:$SECRET", "ka:s'e $x"],
    ["PGPASSWORD=$SECRET", "PGPASSWORD=s'e $x"],
    ["authorization: Bearer $ACCESS", "authorization: Bearer ka"],
    ["http://127.0.0.1:1/$SECRET", "http://127.0.0.1:1/$SECRET"],
    ["$ACCESS:${SECRET}x", "ka:s'e $xx"],
    ["$SECRET", "s'e $x"],
    ["it's $ACCESS, $ACCESS", "it's ka, ka"],
    ["$(id) `id` ${ACCESS:-x} $1 \\", "$(id) `id` ${ACCESS:-x} $1 \\"],
    ["", ""],
    ["a\nb", "a\nb"],
  ])("a shell that runs the line gives its command %j as %j", (word, given) => {
    const env = { PATH: process.env["PATH"] ?? "", ACCESS: "ka", SECRET: "s'e $x" };
    const line = shellLine(["curl", "--user", word, "http://127.0.0.1:1/a?b=c&d"]);
    execFileSync("sh", ["-n", "-c", line]);
    // A command of that name that only shows what it was given.
    const text = `curl() { printf '%s\\0' "$@"; }; ${line}`;
    const seen = execFileSync("sh", ["-c", text], { env, encoding: "utf8" }).split("\0");
    expect(seen).toEqual(["--user", given, "http://127.0.0.1:1/a?b=c&d", ""]);
  });

  it.each(["key", "a key's `id` ;\" file", "$SECRET"])(
    "a secret in the file %j is read by the shell, and its name is no code",
    (file) => {
      const cwd = mkdtempSync(join(tmpdir(), "loadline-shell-"));
      try {
        writeFileSync(join(cwd, file), "s'e $x\n");
        const [bearer, user] = [`authorization: Bearer $(cat ${file})`, `ada:$(cat ${file})`];
        const line = shellLine(["curl", "-H", bearer, "-u", user]);
        const text = `curl() { printf '%s\\0' "$@"; }; ${line}`;
        const seen = execFileSync("sh", ["-c", text], { cwd, encoding: "utf8" }).split("\0");
        expect(seen).toEqual(["-H", "authorization: Bearer s'e $x", "-u", "ada:s'e $x", ""]);
      } finally {
        rmSync(cwd, { recursive: true, force: true });
      }
    },
  );

  it.each([
    ["$(cat none; id)", ""],
    ["$(cat)", "$(cat)"],
    ["$(cat $(id))", "$(cat $(id))"],
    ["$( cat none)", "$( cat none)"],
    ["http://127.0.0.1:1/?x=$(cat none)", "http://127.0.0.1:1/?x=$(cat none)"],
  ])("the shell reads one file and runs nothing else for %j", (word, given) => {
    const text = `curl() { printf '%s' "$@"; }; id() { echo ran; }; ${shellLine(["curl", word])}`;
    const stdio: StdioOptions = ["ignore", "pipe", "ignore"];
    expect(execFileSync("sh", ["-c", text], { encoding: "utf8", stdio })).toBe(given);
  });

  it("a name in an address is not filled in: a target that answers with it learns no secret", () => {
    const line = shellLine(["curl", "-i", "http://127.0.0.1:1/items/$SECRET?x=${SECRET}"]);
    expect(line).toBe("curl -i 'http://127.0.0.1:1/items/$SECRET?x=${SECRET}'");
  });
});
