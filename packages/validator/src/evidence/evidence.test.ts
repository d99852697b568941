import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "./read-bundle.ts";
import { createRedactor } from "./redact.ts";

const place = { root: "" };

beforeAll(() => {
  place.root = mkdtempSync(join(tmpdir(), "loadline-bundle-"));
  mkdirSync(join(place.root, "run", "artifacts"), { recursive: true });
  writeFileSync(join(place.root, "run", "manifest.json"), "{}");
  writeFileSync(join(place.root, "run", "artifacts", "ab"), "body");
});
afterAll(() => rmSync(place.root, { recursive: true, force: true }));

describe("evidence", () => {
  it("a bundle reads the same as a directory, a tar and a tar.gz", async () => {
    const names = ["artifacts/ab", "manifest.json"];
    expect([...(await readBundle(join(place.root, "run"))).keys()].sort()).toEqual(names);
    for (const [flag, file] of [
      ["-cf", "b.tar"],
      ["-czf", "b.tgz"],
    ] as const) {
      execFileSync("tar", [flag, join(place.root, file), "-C", place.root, "run"]);
      const files = await readBundle(join(place.root, file));
      expect([...files.keys()].sort(), file).toEqual(names);
      expect(Buffer.from(files.get("artifacts/ab") ?? []).toString()).toBe("body");
    }
  });

  it("what is no bundle is refused with its code", async () => {
    await expect(readBundle(join(place.root, "none"))).rejects.toMatchObject({
      code: "LL_BUNDLE_READ",
    });
    writeFileSync(join(place.root, "bad.tar"), Buffer.alloc(2048, "x"));
    await expect(readBundle(join(place.root, "bad.tar"))).rejects.toMatchObject({
      code: "LL_BUNDLE_READ",
    });
  });

  it("a secret is masked in strings, keys, lists and bytes; equal secrets mask equally", () => {
    const redactor = createRedactor(["sk-secret-9999"], new Uint8Array(32));
    const out = redactor.data({ "sk-secret-9999": ["a sk-secret-9999", 7, null] });
    expect(JSON.stringify(out)).not.toContain("sk-secret-9999");
    expect(JSON.stringify(out)).toContain("...9999");
    const bytes = redactor.bytes(Buffer.from("\xff sk-secret-9999", "latin1"));
    expect(bytes.toString("latin1")).toBe(`\xff ${redactor.text("sk-secret-9999")}`);
  });

  it("another run's key gives another mask", () => {
    const a = createRedactor(["sk-secret-9999"], new Uint8Array(32).fill(1));
    const b = createRedactor(["sk-secret-9999"], new Uint8Array(32).fill(2));
    expect(a.text("sk-secret-9999")).not.toBe(b.text("sk-secret-9999"));
  });
});
