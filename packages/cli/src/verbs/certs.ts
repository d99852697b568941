import { resolve } from "node:path";
import {
  certificatePlaces,
  type CertificateView,
  describeCertificates,
  gatewayErrors,
  readTls,
} from "@loadline/gateway";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { makeCertificates } from "./certs-make.ts";
import { serveConfig } from "./serve.ts";
import type { VerbContext } from "./verb.ts";

/** This long before its end `check` refuses a certificate unless told otherwise. */
const daysDefault = 7;
const daysMax = 3650;

/**
 * `ca` and `issue` make certificates; `show` prints what the certificates of the configuration, or of the files named, say; `check`
 * ends with 1 when one of them is not good now and for the days asked, with 78 when the gateway
 * would not start with them. Private keys are never printed.
 */
export async function runCerts(context: VerbContext): Promise<ExitCode> {
  const { host, args, json } = context;
  const [act, ...files] = args.positionals;
  if (act === "ca" || act === "issue") return makeCertificates(context);
  const days = args.count("days", { min: 0, max: daysMax }) ?? daysDefault;
  const isCheck = act === "check";
  const nowMs = host.clock.wallMs();
  const places =
    files.length > 0
      ? files.map((path) => ({ at: path, path: resolve(host.cwd, path) }))
      : await configuredPlaces(context, isCheck);
  if (isCheck && places.length === 0) throw gatewayErrors.make("LL_TLS_NONE");
  const certificates = places.flatMap((place) => describeCertificates(place, nowMs, days));
  const isGood = certificates.every(({ state }) => state === "good");
  host.stdout.write(
    json ? `${JSON.stringify({ days, ok: isGood, certificates })}\n` : textOf(certificates),
  );
  return isCheck && !isGood ? 1 : 0;
}

async function configuredPlaces(context: VerbContext, isCheck: boolean) {
  const config = await serveConfig(context);
  // That each key belongs to its certificate, and what else a start asks.
  if (isCheck) readTls(config, context.host.clock);
  return config.tls ? certificatePlaces(config.tls) : [];
}

function textOf(certificates: readonly CertificateView[]): string {
  if (certificates.length === 0)
    return "no certificate: the configuration has no tls section, the gateway serves plain HTTP\n";
  return certificates.map(linesOf).join("");
}

function linesOf(one: CertificateView): string {
  const place = one.path === one.at ? one.at : `${one.at}  ${one.path}`;
  const names = one.names.length === 0 ? "no names" : one.names.join(", ");
  const said = [
    `${one.position}: ${one.subject || "no subject"}${one.isAuthority ? " (authority)" : ""}`,
    names,
    `${one.key}, by ${one.issuer}`,
    `${one.state}: ${one.notBefore} to ${one.notAfter}, ${one.daysLeft} days left`,
    one.thumbprint,
  ];
  const lines = said.map((line, i) => `${i === 0 ? "  " : "     "}${cleanText(line)}\n`);
  return `${one.position === 1 ? `${place}\n` : ""}${lines.join("")}`;
}
