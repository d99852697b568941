import { verifyBundle, type SignaturePolicy, type VerifyResult } from "@loadline/contract";
import { isRecord, parseJson } from "@loadline/kit/json";
import { histogramExtractor, sha256 } from "@loadline/validator";
import { findReportAssets } from "./assets.ts";
import { builtFrom } from "./built-from.ts";
import { formats, loadReporters } from "./reporters.ts";

export interface BundleCheck {
  readonly signatures: SignaturePolicy;
  /** UTC day. */
  readonly today: string;
}

/** The build that its manifest names, which the first record has to name too; "" where it names none. */
function buildOf(files: ReadonlyMap<string, Uint8Array>): string {
  const manifest = parseJson(Buffer.from(files.get("manifest.json") ?? []).toString("utf8"));
  const build = isRecord(manifest) ? manifest["buildDigest"] : undefined;
  return typeof build === "string" ? build : "";
}

/**
 * Recomputes a bundle with every view this build can render again. Another build may render the same
 * model otherwise, so one of its views that differs leaves the result incomplete, and is not called
 * edited.
 */
export async function checkBundle(
  files: ReadonlyMap<string, Uint8Array>,
  o: BundleCheck,
): Promise<VerifyResult> {
  // Without the page's assets the HTML view cannot be made again, so it is not compared.
  const usable = formats.filter((format) => format !== "html" || findReportAssets() !== undefined);
  const reporters = await loadReporters(usable);
  const renderers = Object.fromEntries(reporters.map((one) => [one.file, one.render]));
  const build = buildOf(files);
  const isOwnBuild = build === "" || build === (builtFrom() ?? "");
  const isOwnView = (path: string, text: string): boolean =>
    reporters.find((one) => one.file === path)?.isOwn?.(text) ?? true;
  const views = { renderers, isOwnView, isOwnBuild };
  return verifyBundle(files, {
    digest: sha256,
    ...views,
    extractors: [histogramExtractor],
    ...o,
  });
}
