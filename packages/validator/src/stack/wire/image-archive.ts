import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { parseJson } from "../../probes/shapes.ts";
import { NothingThere, WireFault } from "./fault.ts";
import { type TarEntry, tarEntries } from "./tar.ts";
import { recordsIn, textIn, valueIn } from "./shape.ts";

const configBytesMax = 4 * 1024 * 1024;
const fileBytesMax = 1024 * 1024;
const layersMax = 200;

/** A saved image: what it is set to, and its layers. */
export interface SavedImage {
  /** Variables, labels and the commands it was made with, one a line. */
  readonly settings: readonly string[];
  readonly layers: readonly TarEntry[];
}

/** The end of a run's time is not the archive's fault. */
function inTime(signal: AbortSignal, path: string): void {
  if (signal.aborted) throw new NothingThere(`${path} is larger than the time of one check.`);
}

async function* bytesOf(path: string, signal: AbortSignal, part?: TarEntry) {
  const range = part === undefined ? {} : { start: part.offset, end: part.offset + part.size - 1 };
  for await (const chunk of createReadStream(path, range)) {
    inTime(signal, path);
    if (Buffer.isBuffer(chunk)) yield chunk;
  }
}

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one: unknown) => typeof one === "string") : [];

/** The configuration and layers a manifest names, of both shapes: that of `save` and that of OCI. */
function named(files: ReadonlyMap<string, Buffer>): { config: string; layers: string[] } | null {
  const json = (name: string): unknown => parseJson(files.get(name)?.toString("utf8") ?? "");
  const [saved] = recordsIn(json("manifest.json"), "");
  if (saved !== undefined) {
    return { config: textIn(saved, "Config"), layers: textsOf(saved["Layers"]) };
  }
  const blob = (digest: string): string => `blobs/${digest.replace(":", "/")}`;
  const index = textIn(json("index.json"), "manifests.0.digest");
  const manifest = index === "" ? undefined : json(blob(index));
  const config = textIn(manifest, "config.digest");
  if (config === "") return null;
  const layers = recordsIn(manifest, "layers").map((one) => blob(textIn(one, "digest")));
  return { config: blob(config), layers };
}

function settingsOf(config: unknown): string[] {
  const labels = valueIn(config, "config.Labels");
  const pairs = typeof labels === "object" && labels !== null ? Object.entries(labels) : [];
  return [
    ...textsOf(valueIn(config, "config.Env")),
    ...textsOf(valueIn(config, "config.Cmd")),
    ...textsOf(valueIn(config, "config.Entrypoint")),
    ...pairs.map(([name, value]) => `${name}=${String(value)}`),
    ...recordsIn(config, "history").map((one) => textIn(one, "created_by")),
  ];
}

/**
 * An image as `docker save`, `podman save` or an OCI layout in a tar keeps it. @throws WireFault for
 * what is none, NothingThere when the check's time ends first.
 */
export async function readImage(path: string, signal: AbortSignal): Promise<SavedImage> {
  await stat(path).catch((cause: unknown) => {
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new WireFault("protocol", `${path} cannot be read (${why})`);
  });
  const files = new Map<string, Buffer>();
  const entries = new Map<string, TarEntry>();
  for await (const entry of tarEntries(bytesOf(path, signal), configBytesMax)) {
    const name = entry.name.replace(/^\.\//, "");
    entries.set(name, entry);
    // Layers are read by their place; what else is small and JSON is kept.
    if (entry.bytes[0] === 0x7b || entry.bytes[0] === 0x5b) files.set(name, entry.bytes);
  }
  const found = named(files);
  const config = found === null ? undefined : files.get(found.config);
  if (found === null || config === undefined) {
    throw new WireFault("protocol", `${path} holds no image as \`docker save\` writes it`);
  }
  const layers = found.layers.flatMap((name) => entries.get(name) ?? []).slice(0, layersMax);
  if (layers.length === 0) throw new WireFault("protocol", `${path} holds no layer of its image`);
  return { settings: settingsOf(parseJson(config.toString("utf8"))), layers };
}

const zstd = 0xfd2fb528;

function opened(chunk: Buffer): ReturnType<typeof createGunzip> | null {
  if (chunk[0] === 0x1f && chunk[1] === 0x8b) return createGunzip();
  if (chunk.length >= 4 && chunk.readUInt32LE(0) === zstd) return createZstdDecompress();
  return null;
}

async function* unpacked(path: string, layer: TarEntry, signal: AbortSignal) {
  let first: Buffer = Buffer.alloc(0);
  for await (const chunk of bytesOf(path, signal, { ...layer, size: Math.min(layer.size, 512) })) {
    first = Buffer.concat([first, chunk]);
  }
  const open = opened(first);
  const packed = bytesOf(path, signal, layer);
  if (open === null) {
    yield* packed;
    return;
  }
  const source = createReadStream(path, {
    start: layer.offset,
    end: layer.offset + layer.size - 1,
  });
  source.on("error", (cause) => open.destroy(cause));
  try {
    for await (const chunk of source.pipe(open)) {
      inTime(signal, path);
      if (Buffer.isBuffer(chunk)) yield chunk;
    }
  } catch (error) {
    if (error instanceof NothingThere) throw error;
    throw new WireFault("protocol", `a layer of ${path} cannot be unpacked: ${String(error)}`);
  } finally {
    source.destroy();
  }
}

/** Text files of a layer, up to 1 MiB each. @throws WireFault, NothingThere */
export async function* layerTexts(
  path: string,
  layer: TarEntry,
  signal: AbortSignal,
): AsyncGenerator<{ readonly name: string; readonly lines: readonly string[] }> {
  for await (const { name, bytes } of tarEntries(unpacked(path, layer, signal), fileBytesMax)) {
    if (bytes.length === 0 || bytes.subarray(0, 4_096).includes(0)) continue;
    yield { name, lines: bytes.toString("utf8").split("\n") };
  }
}
