import { isCount, isData } from "../fold/read-data.ts";
import { canonicalJson } from "./canonical-json.ts";
import { type Digest, toBytes } from "./digest.ts";
import { isDigest } from "./read-record.ts";

export interface ManifestFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly digest: string;
}

/** `manifest.json`: what belongs to a bundle. `digest` covers the rest of the document. */
export interface Manifest {
  readonly schema: "loadline-manifest/v1";
  readonly run: string;
  readonly toolVersion: string;
  readonly buildDigest: string;
  readonly planDigest: string;
  readonly recordCount: number;
  readonly chainHead: string;
  readonly files: readonly ManifestFile[];
  readonly digest: string;
}

export interface ManifestInput {
  readonly run: string;
  readonly toolVersion: string;
  /** Digest of the build, or "" when run from source. */
  readonly buildDigest?: string;
  readonly planDigest: string;
  readonly recordCount: number;
  readonly chainHead: string;
  /** Every file of the run directory; views and the manifest are left out by themselves. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly digest: Digest;
}

export const manifestPath = "manifest.json";
export const evidencePath = "evidence.jsonl";
export const planPath = "plan.json";
export const verdictPath = "verdict.json";
export const artifactFolder = "artifacts/";

/** Views are rendered from the bundle, so they are not part of it. */
const viewNames: ReadonlySet<string> = new Set([
  "junit.xml",
  "results.sarif",
  "results-github.sarif",
  "ctrf.json",
  "statements.intoto.jsonl",
]);

/** `report.*`, `junit.xml`, `results.sarif` and other renderings in the root of a bundle. */
export function isView(path: string): boolean {
  return viewNames.has(path) || /^report\.[a-z0-9]+$/.test(path);
}

/** The plan file as it was given; `plan.json` is the plan itself. */
export function isPlanSource(path: string): boolean {
  return path !== planPath && /^plan\.[a-z0-9]+$/.test(path);
}

/**
 * Signed statements may be added after a bundle was closed: they name its chain head themselves, so
 * the manifest does not list them.
 */
export function isAttestation(path: string): boolean {
  return /^attestations\/[A-Za-z0-9._-]+\.dsse\.json$/.test(path);
}

/** The signed statements of a bundle, sorted by path. */
export function attestationFiles(
  files: ReadonlyMap<string, Uint8Array>,
): readonly (readonly [string, Uint8Array])[] {
  return [...files].filter(([path]) => isAttestation(path)).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The bytes the manifest's own digest is taken over. */
export function manifestInput(manifest: Omit<Manifest, "digest">): Uint8Array {
  return toBytes(canonicalJson(manifest));
}

/** Lists every file with size and digest, sorted by path. */
export function buildManifest(o: ManifestInput): Manifest {
  const isListed = (path: string): boolean =>
    path !== manifestPath && !isView(path) && !isAttestation(path);
  const listed = [...o.files].filter(([path]) => isListed(path));
  const files = listed
    .map(([path, bytes]) => ({ path, sizeBytes: bytes.byteLength, digest: o.digest(bytes) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const open: Omit<Manifest, "digest"> = {
    schema: "loadline-manifest/v1",
    run: o.run,
    toolVersion: o.toolVersion,
    buildDigest: o.buildDigest ?? "",
    planDigest: o.planDigest,
    recordCount: o.recordCount,
    chainHead: o.chainHead,
    files,
  };
  return { ...open, digest: o.digest(manifestInput(open)) };
}

/** The exact bytes of `manifest.json`. */
export function manifestText(manifest: Manifest): string {
  return `${canonicalJson(manifest)}\n`;
}

function isManifestFile(value: unknown): value is ManifestFile {
  if (!isData(value)) return false;
  const { path, sizeBytes, digest } = value as Readonly<Record<keyof ManifestFile, unknown>>;
  return typeof path === "string" && isCount(sizeBytes) && isDigest(digest);
}

/** A parsed `manifest.json`; null = not of that shape. */
export function readManifest(value: unknown): Manifest | null {
  if (!isData(value)) return null;
  const m = value as Readonly<Record<keyof Manifest, unknown>>;
  if (m.schema !== "loadline-manifest/v1" || !isCount(m.recordCount)) return null;
  const texts = [m.run, m.toolVersion, m.buildDigest, m.planDigest, m.chainHead, m.digest];
  if (!texts.every((text) => typeof text === "string")) return null;
  if (!Array.isArray(m.files) || !m.files.every(isManifestFile)) return null;
  return value as unknown as Manifest;
}
