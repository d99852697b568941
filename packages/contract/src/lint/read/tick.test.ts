import { describe, expect, it } from "vitest";
import { readHtml } from "./read-html.ts";
import { readText } from "./read-text.ts";
import { splitTick } from "./tick.ts";

describe("a box or sign before the words", () => {
  it.each([
    ["[x] Alerts", "done"],
    ["[X] Alerts", "done"],
    ["✅ Alerts", "done"],
    ["☑ Alerts", "done"],
    ["[ ] Alerts", "open"],
    ["[-] Alerts", "open"],
    ["☐ Alerts", "open"],
    ["☒ Alerts", "open"],
    ["❌ Alerts", "failed"],
    ["✗ Alerts", "failed"],
    ["[✗] Alerts", "failed"],
  ])("%s is %s", (text, tick) => {
    expect(splitTick(text)).toEqual({ tick, text: "Alerts" });
  });

  it.each(["Alerts ❌", "[y] Alerts", "❌", "x Alerts", ""])("%s has none", (text) => {
    expect(splitTick(text)).toBeNull();
  });

  it("means the same in a list of Markdown and of a page", () => {
    const markdown = readText("- ❌ Restore\n- ✅ Login\n");
    const page = readHtml("<ul><li>❌ Restore</li><li>✅ Login</li></ul>\n");
    const plain = (blocks: typeof page) => blocks.map(({ line: _line, ...rest }) => rest);
    expect(plain(page)).toEqual(plain(markdown));
    expect(plain(page)).toEqual([
      { kind: "item", text: "Restore", tick: "failed" },
      { kind: "item", text: "Login", tick: "done" },
    ]);
  });

  it("a term ends where its description begins, with or without an end tag", () => {
    const open = readHtml("<dl><dt>Restore<dd>failed<dt>Login<dd>passed</dl>");
    const closed = readHtml(
      "<dl><dt>Restore</dt><dd>failed</dd><dt>Login</dt><dd>passed</dd></dl>",
    );
    expect(open).toEqual(closed);
    expect(open.map((one) => (one.kind === "item" ? one.text : one.kind))).toEqual([
      "Restore: failed",
      "Login: passed",
    ]);
  });
});
