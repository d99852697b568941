import { readFileSync, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { codeOf } from "@loadline/kit/errors";
import { gatewayErrors } from "../errors.ts";
import type { TlsConfig } from "./config.ts";

/** A certificate and its key, as text. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

/** Contents of the files that a section names, as text. */
export interface TlsFiles extends TlsPair {
  /** Those for other names, in the order of the section. */
  readonly further: readonly TlsPair[];
  readonly ca: string | undefined;
  readonly crl: string | undefined;
}

const bytesMax = 1024 * 1024;

/** Reads every file of a section. LL_TLS_FILE names the first that cannot be read. */
export function readTlsFiles({ files, certificates, mtls }: TlsConfig): TlsFiles {
  return {
    cert: readPem("tls.files.cert", files.cert),
    key: readPem("tls.files.key", files.key),
    further: certificates.map(({ cert, key }, i) => ({
      cert: readPem(`tls.certificates[${i}].cert`, cert),
      key: readPem(`tls.certificates[${i}].key`, key),
    })),
    ca: mtls ? readPem("tls.mtls.ca", mtls.ca) : undefined,
    crl: mtls?.crl === undefined ? undefined : readPem("tls.mtls.crl", mtls.crl),
  };
}

/** Two texts that differ when a file was written or replaced between them; reads no content. */
export async function signTlsFiles({ files, certificates, mtls }: TlsConfig): Promise<string> {
  const pairs = [files, ...certificates].flatMap(({ cert, key }) => [cert, key]);
  const paths = [...pairs, mtls?.ca, mtls?.crl].filter((path) => path !== undefined);
  const signs = await Promise.all(paths.map(signOf));
  return signs.join(" ");
}

async function signOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path);
    return `${ino}:${size}:${mtimeMs}:${ctimeMs}`;
  } catch (cause) {
    return codeOf(cause, "unreadable");
  }
}

/** Contents of one file, at most 1 MiB, as text; `key` is who names it. LL_TLS_FILE. */
export function readPem(key: string, path: string): string {
  const fail = (why: string, cause?: unknown): Error =>
    gatewayErrors.make("LL_TLS_FILE", `${key}: ${path} ${why}.`, { cause });
  let text: string;
  try {
    const found = statSync(path);
    if (!found.isFile()) throw fail("is no file");
    if (found.size > bytesMax) throw fail("is over 1 MiB");
    text = readFileSync(path, "latin1");
  } catch (cause) {
    if (cause instanceof Error && !("syscall" in cause)) throw cause;
    throw fail(`cannot be read (${codeOf(cause, "unreadable")})`, cause);
  }
  if (text.trim() === "") throw fail("is empty");
  return text;
}
