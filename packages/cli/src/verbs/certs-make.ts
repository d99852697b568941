import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  gatewayErrors,
  issueCertificate,
  type KeyAlgorithm,
  makeAuthority,
  readPem,
  type TlsPair,
} from "@loadline/gateway";
import { codeOf } from "@loadline/kit/errors";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import type { VerbContext } from "./verb.ts";

const authorityName = "Loadline local authority";
const authorityDays = { fallback: 1825, max: 7300 } as const;
/** Browsers take no server certificate that is good for longer. */
const certificateDays = { fallback: 90, max: 397 } as const;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** Upper bound of a common name (RFC 5280). */
const nameCharsMax = 64;

/**
 * `ca` writes `ca.crt` and `ca.key`, `issue NAME` a pair of that name it vouches for. Keys have mode
 * 0600. A file that is there is never overwritten: LL_TLS_EXISTS.
 */
export async function makeCertificates(context: VerbContext): Promise<ExitCode> {
  const { host, args, json, stateDir } = context;
  const [act, name, ...more] = args.positionals;
  const given = args.text("out");
  const dir = given === undefined ? join(stateDir, "certs") : resolve(host.cwd, given);
  const isAuthority = act === "ca";
  if (more.length > 0 || isAuthority !== (name === undefined)) {
    const wanted = isAuthority ? "certs ca takes no argument" : "certs issue takes one NAME";
    throw cliErrors.make("LL_CLI_ARGUMENT", `${wanted}.`);
  }
  const stem = isAuthority ? "ca" : fileName(name);
  const paths = { cert: join(dir, `${stem}.crt`), key: join(dir, `${stem}.key`) };
  const there = Object.values(paths).filter((path) => existsSync(path));
  if (there.length > 0) throw exists(there.join(", "));
  const pair = isAuthority ? authorityOf(context) : certificateOf(context, dir, stem);
  writePair(dir, paths, pair);
  const text = `certificate ${paths.cert}\nkey ${paths.key}\n`;
  host.stdout.write(json ? `${JSON.stringify(paths)}\n` : text);
  return await Promise.resolve(0);
}

function authorityOf({ host, args }: VerbContext): TlsPair {
  for (const option of ["host", "uri", "ca"])
    if (args.text(option) !== undefined) misplaced(option);
  if (args.has("client")) misplaced("client");
  const name = args.text("name") ?? authorityName;
  if (name === "" || name.length > nameCharsMax || /[\p{Cc}]/u.test(name))
    throw cliErrors.make("LL_CLI_VALUE", `--name: 1 to ${nameCharsMax} printable characters.`);
  const days = args.count("days", { min: 1, max: authorityDays.max }) ?? authorityDays.fallback;
  return makeAuthority({ name, algorithm: algorithmOf(args), nowMs: host.clock.wallMs(), days });
}

function certificateOf({ host, args }: VerbContext, dir: string, name: string): TlsPair {
  if (args.text("name") !== undefined) misplaced("name");
  const given = args.text("ca");
  const from = given === undefined ? dir : resolve(host.cwd, given);
  const read = (file: string): string => readPem(file, join(from, file));
  const isClient = args.has("client");
  const hosts = args.list("host");
  const uris = args.list("uri");
  return issueCertificate(
    { cert: read("ca.crt"), key: read("ca.key") },
    {
      name,
      algorithm: algorithmOf(args),
      nowMs: host.clock.wallMs(),
      days: args.count("days", { min: 1, max: certificateDays.max }) ?? certificateDays.fallback,
      purpose: isClient ? "client" : "server",
      hosts: hosts.length === 0 && !isClient ? [name] : hosts,
      uris,
    },
  );
}

const algorithmOf = (args: VerbContext["args"]): KeyAlgorithm =>
  args.text("alg") === "ml-dsa-65" ? "ml-dsa-65" : "ecdsa-p256";

function fileName(name = ""): string {
  if (namePattern.test(name) && name !== "ca") return name;
  const text = "NAME: letters, digits, dot, dash and underscore, at most 64; not ca.";
  throw cliErrors.make("LL_CLI_VALUE", text);
}

function misplaced(option: string): never {
  throw cliErrors.make("LL_CLI_VALUE", `--${option} belongs to the other one of ca and issue.`);
}

/** Both or none; `wx` also loses a race against somebody else's file rather than that file. */
function writePair(dir: string, paths: { cert: string; key: string }, pair: TlsPair): void {
  const written: string[] = [];
  const write = (path: string, text: string, mode: number): void => {
    const file = openSync(path, "wx", mode);
    written.push(path);
    try {
      writeFileSync(file, text);
    } finally {
      closeSync(file);
    }
  };
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    write(paths.key, pair.key, 0o600);
    write(paths.cert, pair.cert, 0o644);
  } catch (cause) {
    for (const path of written) rmSync(path, { force: true });
    if (codeOf(cause) === "EEXIST") throw exists(dir, cause);
    throw cliErrors.make("LL_CLI_WRITE", `${dir} cannot be written (${codeOf(cause)}).`, { cause });
  }
}

function exists(paths: string, cause?: unknown): Error {
  return gatewayErrors.make("LL_TLS_EXISTS", `${paths}: there already.`, { cause });
}
