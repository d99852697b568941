import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { posix } from "node:path";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { isRecord, type JsonRecord, parseJson } from "@loadline/kit/json";
import { codeOf } from "@loadline/kit/errors";
import { NothingThere, WireFault } from "./fault.ts";
import { type TarEntry, tarEntries } from "./tar.ts";
import { recordsIn, textIn, valueIn } from "./shape.ts";

const configBytesMax = 4 * 1024 * 1024;
const fileBytesMax = 1024 * 1024;
const layersMax = 1_000;
/** An index of images may lead to indexes of platforms. */
const indexDepthMax = 3;

/** The images of an archive: what they are set to, and their layers, each once. */
export interface SavedImages {
  /** Variables, labels and the commands they were made with, one a line. */
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

/** One image by the names of its files in the archive. */
interface Named {
  readonly config: string;
  readonly layers: readonly string[];
}

/** A statement about an image, such as its provenance: its layers are no file systems. */
function isStatement(manifest: JsonRecord): boolean {
  const notes = manifest["annotations"];
  return isRecord(notes) && notes["vnd.docker.reference.type"] === "attestation-manifest";
}

/** The images a list of manifests leads to; those of platforms that were not saved are none. */
function listed(manifests: unknown, json: (name: string) => unknown, depth = 0): Named[] {
  const blob = (digest: string): string => `blobs/${digest.replace(":", "/")}`;
  if (depth > indexDepthMax) throw new WireFault("protocol", "its index leads round");
  return recordsIn(manifests, "manifests").flatMap((one): Named[] => {
    const held = isStatement(one) ? undefined : json(blob(textIn(one, "digest")));
    if (Array.isArray(valueIn(held, "manifests"))) return listed(held, json, depth + 1);
    const config = textIn(held, "config.digest");
    const layers = recordsIn(held, "layers").map((layer) => blob(textIn(layer, "digest")));
    return config === "" ? [] : [{ config: blob(config), layers }];
  });
}

/** Every image of an archive, of both shapes: that of `save` and that of OCI. */
function named(files: ReadonlyMap<string, Buffer>): Named[] {
  const json = (name: string): unknown => parseJson(files.get(name)?.toString("utf8") ?? "");
  const saved = recordsIn(json("manifest.json"), "");
  return saved.length === 0
    ? listed(json("index.json"), json)
    : saved.map((one) => ({ config: textIn(one, "Config"), layers: textsOf(one["Layers"]) }));
}

/** A layer's entry; where the same layer was kept under another name, that one. */
function layerOf(entries: ReadonlyMap<string, TarEntry>, name: string): TarEntry | undefined {
  const entry = entries.get(name);
  if (entry === undefined || entry.link === "") return entry;
  const beside = entries.get(posix.join(posix.dirname(name), entry.link));
  const found = beside ?? entries.get(posix.normalize(entry.link));
  return found?.link === "" ? found : undefined;
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

function imagesIn(
  path: string,
  files: ReadonlyMap<string, Buffer>,
  entries: ReadonlyMap<string, TarEntry>,
): SavedImages {
  const images = named(files);
  const settings: string[] = [];
  const layers = new Set<TarEntry>();
  for (const { config, layers: names } of images) {
    const bytes = files.get(config);
    if (bytes === undefined && !entries.has(config)) {
      throw new WireFault("protocol", `${path} holds no image as \`docker save\` writes it`);
    }
    const value = parseJson(bytes?.toString("utf8") ?? "");
    if (!isRecord(value)) {
      throw new WireFault("protocol", `${path}: its configuration is no JSON (${config})`);
    }
    settings.push(...settingsOf(value));
    for (const name of names) {
      const layer = layerOf(entries, name);
      if (layer !== undefined) layers.add(layer);
      else throw new WireFault("protocol", `${path} lacks ${name}, which its manifest names`);
    }
  }
  if (images.length === 0) {
    throw new WireFault("protocol", `${path} holds no image as \`docker save\` writes it`);
  }
  if (layers.size === 0) throw new WireFault("protocol", `${path} holds no layer of its image`);
  if (layers.size > layersMax) {
    throw new WireFault("protocol", `${path} holds more than ${layersMax} layers`);
  }
  return { settings, layers: [...layers] };
}

/**
 * The images as `docker save`, `podman save` or an OCI layout in a tar keep them. @throws WireFault
 * for what is none or not whole, NothingThere when the check's time ends first.
 */
export async function readImages(path: string, signal: AbortSignal): Promise<SavedImages> {
  await stat(path).catch((cause: unknown) => {
    const why = codeOf(cause);
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
  return imagesIn(path, files, entries);
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

/** A file of a layer; `lines` is null where it is larger than is read. */
export interface LayerText {
  readonly name: string;
  readonly lines: readonly string[] | null;
}

/** Text files of a layer, those above 1 MiB by their name alone. @throws WireFault, NothingThere */
export async function* layerTexts(
  path: string,
  layer: TarEntry,
  signal: AbortSignal,
): AsyncGenerator<LayerText> {
  for await (const one of tarEntries(unpacked(path, layer, signal), fileBytesMax)) {
    const { name, bytes, size } = one;
    if (size > fileBytesMax) yield { name, lines: null };
    if (bytes.length === 0 || bytes.subarray(0, 4_096).includes(0)) continue;
    yield { name, lines: bytes.toString("utf8").split("\n") };
  }
}
