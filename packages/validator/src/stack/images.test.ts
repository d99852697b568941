import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { runStackPlan, type StackResult } from "./stack.fixture.ts";
import { makeFolder } from "./stubs/folder.ts";
import { savedImage, tarOf } from "./stubs/tar.ts";
import { tarEntries } from "./wire/tar.ts";

const key = "AKIAQQQQQQQQQQQQQQQQ";

async function search(archive: Buffer): Promise<StackResult> {
  await using folder = await makeFolder({});
  const path = join(folder.path, "image.tar");
  writeFileSync(path, archive);
  const it = { kind: "secrets", images: [path], planted: ["${env:MINE}"] };
  return await runStackPlan(
    { timeoutMs: 20_000, services: { it } },
    { MINE: "planted-in-the-image" },
  );
}

const clean = tarOf({ "app/main.py": "print(1)\n" });

describe("secrets in saved images [R1-26]", () => {
  it.each([
    ["plain", (layer: Buffer) => layer],
    ["gzip", (layer: Buffer) => gzipSync(layer)],
    ["zstd", (layer: Buffer) => zstdCompressSync(layer)],
  ])("are found in a layer that a later one deletes from, packed as %s", async (_, pack) => {
    const first = tarOf({ "root/.aws/credentials": `[default]\nkey = ${key}\n` });
    const later = tarOf({ "root/.aws/.wh.credentials": "" });
    const { words, sentences, evidence } = await search(savedImage([first, later].map(pack)));
    expect(words["it.images"]).toBe("failed false");
    expect(sentences["it.images"]).toContain("AWS access key in layer 1, root/.aws/credentials:2");
    expect(evidence).not.toContain(key);
  });

  it("are found in variables and in the commands it was made with", async () => {
    const env = { Env: ["DB_PASSWORD=planted-in-the-image", "PATH=/bin"] };
    const { sentences, evidence } = await search(savedImage([clean], env));
    expect(sentences["it.images"]).toContain("in its settings (DB_PASSWORD)");
    expect(evidence).not.toContain("planted-in-the-image");
  });

  it("words like password in a program's text are none", async () => {
    const code = tarOf({ "app/a.py": "password = get_password_from_vault()\n" });
    const { words, sentences } = await search(savedImage([clean, code]));
    expect(words["it.images"]).toBe("passed");
    expect(sentences["it.images"]).toContain("2 layers, 2 text files, 0 secrets");
  });

  it("are found in an OCI layout too", async () => {
    const layer = tarOf({ "app/key": `${key}\n` });
    const blob = (name: string): string => `sha256:${name}`;
    const { sentences } = await search(
      tarOf({
        "index.json": JSON.stringify({ manifests: [{ digest: blob("m") }] }),
        "blobs/sha256/m": JSON.stringify({
          config: { digest: blob("c") },
          layers: [{ digest: blob("l") }],
        }),
        "blobs/sha256/c": JSON.stringify({ config: {} }),
        "blobs/sha256/l": layer,
      }),
    );
    expect(sentences["it.images"]).toContain("AWS access key in layer 1, app/key:1");
  });

  it("what is no image, one cut short, or a layer that is none fail by name", async () => {
    const whole = savedImage([clean]);
    for (const [archive, why] of [
      [Buffer.from("<html>".repeat(200)), "no tar archive"],
      [tarOf({ "a.txt": "a" }), "holds no image"],
      [whole.subarray(0, 540), "cut short"],
      [savedImage(["no archive at all".repeat(60)]), "no tar archive"],
      [savedImage([gzipSync(clean).subarray(0, 40)]), "cannot be unpacked"],
    ] as const) {
      const { words, sentences } = await search(archive);
      expect(words["it.images"]).toBe("failed false");
      expect(sentences["it.images"]).toContain(why);
    }
  });
});

describe("tar archives", () => {
  it("of the system's own tar are read name by name, long names too", async () => {
    const long = `${"a".repeat(90)}/${"b".repeat(90)}/${"c".repeat(90)}`;
    await using folder = await makeFolder({ [`in/${long}`]: "deep", "in/short": "x".repeat(600) });
    const archive = join(folder.path, "out.tar");
    execFileSync("tar", [
      "-cf",
      archive,
      "-C",
      join(folder.path, "in"),
      ...readdirSync(join(folder.path, "in")),
    ]);
    const source = (async function* () {
      for (const byte of [readFileSync(archive)]) yield await Promise.resolve(byte);
    })();
    const found = new Map<string, string>();
    for await (const { name, bytes } of tarEntries(source, 1_000)) {
      found.set(name, bytes.toString("utf8"));
    }
    expect([...found.keys()].toSorted()).toEqual([long, "short"]);
    expect(found.get(long)).toBe("deep");
    expect(found.get("short")).toHaveLength(600);
  });
});
