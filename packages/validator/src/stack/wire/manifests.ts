import { readFile, stat } from "node:fs/promises";
import { isRecord, type JsonRecord } from "@loadline/kit/json";
import { type Document, isNode, LineCounter, parseAllDocuments } from "yaml";
import { filesUnder } from "./files-under.ts";
import { WireFault } from "./fault.ts";
import { textIn } from "./shape.ts";

const fileBytesMax = 4 * 1024 * 1024;
const allBytesMax = 32 * 1024 * 1024;
const objectsMax = 5_000;
const aliasesMax = 100;

/** Where something stands in a file. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Number of the document in its file, from 1. */
  readonly document: number;
}

export type Path = readonly (string | number)[];

/** One object of a manifest. */
export interface KubeObject {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly apiVersion: string;
  readonly value: JsonRecord;
  /** Where a member stands; the deepest of its parents where it stands nowhere. */
  place(path: Path): Place;
}

/** Something that is not as it is to be, at its place. */
export interface Hit {
  readonly place: Place;
  /** The object, and what in it, the same from run to run. */
  readonly at: string;
  readonly says: string;
}

export interface Bundle {
  readonly files: readonly string[];
  readonly objects: readonly KubeObject[];
  /** What could not be read as objects. */
  readonly problems: readonly Hit[];
}

/** A place as a finding says it. */
export const placeText = ({ file, line, document }: Place): string =>
  `${file}:${line} (document ${document})`;

/** `Deployment/web`. */
export const objectName = ({ kind, name }: Pick<KubeObject, "kind" | "name">): string =>
  `${kind}/${name}`;

function lineAt(document: Document, lines: LineCounter, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown =
      length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const start = isNode(node) ? node.range?.[0] : undefined;
    if (start !== undefined) return lines.linePos(start).line;
  }
  return 1;
}

interface Found {
  readonly objects: KubeObject[];
  readonly problems: Hit[];
}

interface Read {
  readonly file: string;
  readonly document: Document;
  readonly number: number;
  readonly lines: LineCounter;
  readonly namespace: string;
}

/** Objects of one document; those of a `List` one by one. */
function objectsOf(read: Read, value: unknown, under: Path, found: Found): void {
  const { file, number, lines, document } = read;
  const place = (path: Path): Place => ({
    file,
    line: lineAt(document, lines, [...under, ...path]),
    document: number,
  });
  const kind = textIn(value, "kind");
  if (isRecord(value) && kind.endsWith("List") && Array.isArray(value["items"])) {
    for (const [at, item] of value["items"].entries()) {
      objectsOf(read, item, [...under, "items", at], found);
    }
    return;
  }
  const name = textIn(value, "metadata.name");
  const apiVersion = textIn(value, "apiVersion");
  const lacks = Object.entries({ apiVersion, kind, "metadata.name": name })
    .filter(([, text]) => text === "")
    .map(([key]) => key);
  if (!isRecord(value) || lacks.length > 0) {
    // Kustomize reads such files and the cluster never sees them.
    if (kind === "Kustomization") return;
    const what = kind === "" ? "object" : kind;
    const at = `${file}#${number}${under.join(".")}`;
    found.problems.push({ place: place([]), at, says: `the ${what} has no ${lacks.join(", ")}` });
    return;
  }
  const namespace = textIn(value, "metadata.namespace") || read.namespace;
  if (found.objects.length >= objectsMax) {
    throw new WireFault("protocol", `the manifests hold more than ${objectsMax} objects`);
  }
  found.objects.push({ kind, name, namespace, apiVersion, value, place });
}

/** Words of Go templates; YAML takes some of them for maps, so they are looked for first. */
const template = /\{\{-?\s*(\.|\$|if|else|end|range|with|include|define|template|toYaml)/;

function readOne(file: string, text: string, namespace: string, found: Found): void {
  const lines = new LineCounter();
  const told = (line: number, number: number, why: string): void => {
    const says = `YAML cannot be read: ${why}`;
    const place = { file, line, document: number };
    found.problems.push({ place, at: `${file}#${number}`, says });
  };
  const at = text.search(template);
  if (at >= 0) {
    const line = text.slice(0, at).split("\n").length;
    told(line, 1, "it is a template; give what `helm template` renders");
    return;
  }
  // Kubernetes reads YAML 1.1: `yes` is true there.
  const options = { lineCounter: lines, version: "1.1", logLevel: "error" } as const;
  for (const [index, document] of parseAllDocuments(text, options).entries()) {
    const number = index + 1;
    const [error] = document.errors;
    if (error !== undefined) {
      told(lines.linePos(error.pos[0]).line, number, error.message.split("\n")[0] ?? "");
      continue;
    }
    if (document.contents === null) continue;
    const value: unknown = document.toJS({ maxAliasCount: aliasesMax });
    if (value !== null) objectsOf({ file, document, number, lines, namespace }, value, [], found);
  }
}

/** One object twice is an object whose first half is forgotten. */
function duplicates(objects: readonly KubeObject[]): Hit[] {
  const seen = new Map<string, KubeObject>();
  return objects.flatMap((one) => {
    const group = one.apiVersion.split("/").slice(0, -1).join("/");
    const key = `${group} ${one.kind} ${one.namespace} ${one.name}`;
    const first = seen.get(key);
    seen.set(key, first ?? one);
    if (first === undefined) return [];
    const says = `${objectName(one)} stands at ${placeText(first.place([]))} already`;
    return [{ place: one.place([]), at: `${objectName(one)} twice`, says }];
  });
}

/**
 * Every object of the files, folders of YAML included. @throws WireFault for a path that cannot be
 * read, or for more than is read: 4 MiB of a file, 32 MiB of all, 5,000 objects.
 */
export async function readManifests(paths: readonly string[], namespace: string): Promise<Bundle> {
  const found: Found = { objects: [], problems: [] };
  const files: string[] = [];
  let bytes = 0;
  for (const path of paths) {
    const under = await filesUnder(path);
    const meant = under.filter((file) => under.length === 1 || /\.(ya?ml|json)$/i.test(file));
    for (const file of meant.filter((one) => !files.includes(one))) {
      const { size } = await stat(file);
      bytes += size;
      if (size > fileBytesMax || bytes > allBytesMax) {
        throw new WireFault("protocol", `${file} is larger than a manifest (${size} bytes)`);
      }
      files.push(file);
      try {
        readOne(file, await readFile(file, "utf8"), namespace, found);
      } catch (error) {
        if (!(error instanceof ReferenceError)) throw error;
        // The parser's own bound: a document that unfolds without end.
        const place = { file, line: 1, document: 1 };
        found.problems.push({ place, at: file, says: `YAML cannot be read: ${error.message}` });
      }
    }
  }
  return {
    files,
    objects: found.objects,
    problems: [...found.problems, ...duplicates(found.objects)],
  };
}
