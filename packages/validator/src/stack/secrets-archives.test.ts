import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { runStackPlan, type StackResult } from "./stack.fixture.ts";
import { makeFolder } from "./stubs/folder.ts";
import { savedImage, tarOf } from "./stubs/tar.ts";

const key = "AKIAQQQQQQQQQQQQQQQQ";
const clean = tarOf({ "app/main.py": "print(1)\n" });
const dirty = tarOf({ "root/.aws/credentials": `key = ${key}\n` });

async function search(archive: Buffer): Promise<StackResult> {
  await using folder = await makeFolder({});
  const path = join(folder.path, "image.tar");
  writeFileSync(path, archive);
  return await runStackPlan({
    timeoutMs: 10_000,
    services: { it: { kind: "secrets", images: [path] } },
  });
}

/** A block of a tar archive that names another file in place of bytes. */
function linkBlock(name: string, to: string, type: "1" | "2"): Buffer {
  const [head] = [tarOf({ [name]: "" }).subarray(0, 512)];
  const block = Buffer.from(head);
  block.write(type, 156);
  block.write(to, 157, 100);
  block.write("        ", 148);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

const manifestOf = (images: readonly (readonly string[])[]): string =>
  JSON.stringify(images.map((Layers, at) => ({ Config: `config-${at}.json`, Layers })));

describe("an archive of several images [R1-26]", () => {
  it("is searched image by image, the last as the first", async () => {
    const archive = tarOf({
      "config-0.json": "{}",
      "config-1.json": "{}",
      "a/layer.tar": clean,
      "b/layer.tar": dirty,
      "manifest.json": manifestOf([["a/layer.tar"], ["b/layer.tar"]]),
    });
    const { words, sentences } = await search(archive);
    expect(words["it.images"]).toBe("failed false");
    expect(sentences["it.images"]).toContain("AWS access key in layer 2, root/.aws/credentials:1");
  });

  it("has the settings of each looked at", async () => {
    const archive = tarOf({
      "config-0.json": "{}",
      "config-1.json": JSON.stringify({ config: { Env: [`TOKEN=${key}`] } }),
      "a/layer.tar": clean,
      "manifest.json": manifestOf([["a/layer.tar"], ["a/layer.tar"]]),
    });
    const { words, sentences } = await search(archive);
    expect(words["it.images"]).toBe("failed false");
    expect(sentences["it.images"]).toContain("in its settings (TOKEN)");
    expect(sentences["it.images"]).toContain("1 layers");
  });

  const blob = (name: string): string => `sha256:${name}`;
  const oci = (index: object, more: Readonly<Record<string, Buffer | string>>): Buffer =>
    tarOf({ "index.json": JSON.stringify(index), ...more });
  const manifest = (config: string, layer: string): string =>
    JSON.stringify({ config: { digest: blob(config) }, layers: [{ digest: blob(layer) }] });

  it("in an OCI layout is searched through an index of platforms", async () => {
    const { words, sentences } = await search(
      oci(
        { manifests: [{ digest: blob("platforms") }] },
        {
          "blobs/sha256/platforms": JSON.stringify({
            manifests: [{ digest: blob("m1") }, { digest: blob("m2") }, { digest: blob("absent") }],
          }),
          "blobs/sha256/m1": manifest("c", "l1"),
          "blobs/sha256/m2": manifest("c", "l2"),
          "blobs/sha256/c": "{}",
          "blobs/sha256/l1": clean,
          "blobs/sha256/l2": dirty,
        },
      ),
    );
    expect(words["it.images"]).toBe("failed false");
    expect(sentences["it.images"]).toContain("AWS access key in layer 2");
  });

  it("is not asked for the statement a builder made about it, which is no file system", async () => {
    const attestation = { "vnd.docker.reference.type": "attestation-manifest" };
    const { words, sentences } = await search(
      oci(
        { manifests: [{ digest: blob("m") }, { digest: blob("said"), annotations: attestation }] },
        {
          "blobs/sha256/m": manifest("c", "l"),
          "blobs/sha256/said": manifest("c", "provenance"),
          "blobs/sha256/c": "{}",
          "blobs/sha256/l": clean,
          "blobs/sha256/provenance": '{"_type":"statement"}',
        },
      ),
    );
    expect(words["it.images"], JSON.stringify(sentences)).toBe("passed");
  });
});

describe("an image that is not whole is never passed", () => {
  it("with a layer that its manifest names and the archive lacks", async () => {
    const archive = tarOf({
      "config-0.json": "{}",
      "a/layer.tar": clean,
      "manifest.json": manifestOf([["a/layer.tar", "lost/layer.tar"]]),
    });
    const { words, sentences } = await search(archive);
    expect(words["it.images"]).toBe("failed false");
    expect(sentences["it.images"]).toContain("lost/layer.tar");
  });

  it("with a configuration that is no JSON", async () => {
    const archive = tarOf({
      "config-0.json": '{"config":{"Env":["A=',
      "a/layer.tar": clean,
      "manifest.json": manifestOf([["a/layer.tar"]]),
    });
    const { words, sentences } = await search(archive);
    expect(words["it.images"]).toBe("failed false");
    expect(sentences["it.images"]).toContain("its configuration is no JSON");
  });

  it("cut in the bytes of its last layer", async () => {
    const big = tarOf({ "app/big.txt": "calm\n".repeat(40_000), "z/credentials": key });
    const whole = tarOf({
      "config-0.json": "{}",
      "manifest.json": manifestOf([["a/layer.tar"]]),
      "a/layer.tar": big,
    });
    const { words, sentences } = await search(whole.subarray(0, whole.length - 8_192));
    expect(words["it.images"]).toBe("failed false");
    expect(sentences["it.images"]).toContain("cut short");
  });

  it("cut between two of its files, where no byte of a file is missing", async () => {
    const whole = tarOf({
      "config-0.json": "{}",
      "manifest.json": manifestOf([["a/layer.tar"]]),
      "a/layer.tar": clean,
    });
    const { words, sentences } = await search(whole.subarray(0, whole.length - 1_024));
    expect(words["it.images"]).toBe("failed false");
    expect(sentences["it.images"]).toContain("cut short");
  });

  it("with a layer cut inside, whose own archive has no end", async () => {
    const { words, sentences } = await search(savedImage([clean.subarray(0, 1_024)]));
    expect(words["it.images"]).toBe("failed false");
    expect(sentences["it.images"]).toContain("cut short");
  });
});

describe("a layer kept once for two names", () => {
  it.each([
    ["a symbolic link beside it", "2", "../a/layer.tar"],
    ["a hard link from the root", "1", "a/layer.tar"],
  ] as const)("is searched through %s", async (_, type, to) => {
    const files = tarOf({
      "config-0.json": "{}",
      "a/layer.tar": dirty,
      "manifest.json": manifestOf([["b/layer.tar"]]),
    });
    const body = files.subarray(0, files.length - 1_024);
    const archive = Buffer.concat([body, linkBlock("b/layer.tar", to, type), Buffer.alloc(1_024)]);
    const { words, sentences } = await search(archive);
    expect(words["it.images"]).toBe("failed false");
    expect(sentences["it.images"]).toContain("AWS access key in layer 1");
  });
});

describe("what is not searched in a layer", () => {
  it("is counted: a file above 1 MiB", async () => {
    const layer = tarOf({ "app/small.txt": "calm\n", "app/large.txt": "calm\n".repeat(300_000) });
    const { words, sentences } = await search(savedImage([gzipSync(layer)]));
    expect(words["it.images"]).toBe("passed");
    expect(sentences["it.images"]).toContain("1 text files");
    expect(sentences["it.images"]).toContain("1 files above 1 MiB not searched");
  });
});

describe("the command of a finding in a layer", () => {
  it.each([
    ["plain", (layer: Buffer) => layer],
    ["packed by gzip", (layer: Buffer) => gzipSync(layer)],
  ])("shows the line when it is run, the layer %s", async (_, pack) => {
    const { execFileSync } = await import("node:child_process");
    const layer = tarOf({ "a folder/it's $HOME.txt": `one\nkey = ${key}\n` });
    await using folder = await makeFolder({});
    const path = join(folder.path, "image.tar");
    writeFileSync(path, savedImage([pack(layer)]));
    const it_ = { kind: "secrets", images: [path] };
    const { evidence } = await runStackPlan({ timeoutMs: 10_000, services: { it: it_ } });
    const line = evidence.split("\n").find((one) => one.includes('"kind":"finding"')) ?? "";
    const finding: { data: { reproduce: string[] } } = JSON.parse(line);
    const [program = "", ...words] = finding.data.reproduce;
    expect(execFileSync(program, words, { encoding: "utf8" })).toBe(`key = ${key}\n`);
  });
});
