import { verifyBundle, type SignaturePolicy, type VerifyResult } from "@loadline/contract";
import { sha256 } from "@loadline/validator";
import { findReportAssets } from "./assets.ts";
import { formats, loadReporters } from "./reporters.ts";

export interface BundleCheck {
  readonly signatures: SignaturePolicy;
  /** UTC day. */
  readonly today: string;
}

/** Recomputes a bundle with every view this build can render again. */
export async function checkBundle(
  files: ReadonlyMap<string, Uint8Array>,
  o: BundleCheck,
): Promise<VerifyResult> {
  // Without the page's assets the HTML view cannot be made again, so it is not compared.
  const usable = formats.filter((format) => format !== "html" || findReportAssets() !== undefined);
  const reporters = await loadReporters(usable);
  const renderers = Object.fromEntries(reporters.map((one) => [one.file, one.render]));
  const isOwnView = (path: string, text: string): boolean =>
    reporters.find((one) => one.file === path)?.isOwn?.(text) ?? true;
  return verifyBundle(files, { digest: sha256, renderers, isOwnView, ...o });
}
