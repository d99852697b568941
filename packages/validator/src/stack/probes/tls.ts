import { checkServerIdentity, type PeerCertificate, rootCertificates } from "node:tls";
import type { StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import {
  handshake,
  type Handshake,
  headOver,
  tlsAuthorities,
  type TlsContext,
  tlsDoor,
  tlsName,
} from "../wire/tls-session.ts";
import { LacksFeature } from "../wire/fault.ts";

type TlsProbe = StackProbe<ServiceOf<"tls">>;

const shared = {
  kind: "tls",
  needs: ["handshake"],
  checklist: ["R1-30"],
} as const;
const category = "Security & Compliance";
const dayMs = 86_400_000;
const hstsSecondsMin = 180 * 86_400;
const chainMax = 10;
const group = "X25519MLKEM768";
/** Protocols before 1.2 need the weak ciphers of their day; asking for them is the check. */
const old = { ciphers: "DEFAULT@SECLEVEL=0" } as const;

function openssl(context: TlsContext, ...words: readonly string[]): string[] {
  const { hostname, port } = tlsDoor(context.service);
  const at = `${hostname}:${port === "" ? 443 : port}`;
  const name = tlsName(context.service);
  return ["openssl", "s_client", "-connect", at, "-servername", name, ...words];
}

function finished<T>(
  made: Handshake,
  look: (made: Handshake & { readonly ok: true }) => T,
): T | null {
  if (!made.ok) return null;
  try {
    return look(made);
  } finally {
    made.socket.destroy();
  }
}

const door: TlsProbe = {
  ...shared,
  check: "handshake",
  summary: "a handshake is made",
  needs: [],
  severity: "critical",
  claim: () => ({
    statement: "a handshake of TLS is made",
    category,
    rationale: "Without it nobody comes in, or everybody in the clear.",
  }),
  saboteur: [{ when: "connect", reply: "HTTP/1.1 400 Bad Request\r\n\r\n" }],
  async run(context) {
    const made = await handshake(context);
    const reproduce = openssl(context, "-brief");
    const seen = finished(made, ({ socket }) => {
      const cipher = socket.getCipher();
      const said = `${socket.getProtocol() ?? "unknown"} with ${cipher.standardName}`;
      context.note({ service: context.name, tls: said });
      return `${said}.`;
    });
    if (seen !== null) return [{ ok: true, seen, reproduce }];
    const why = made.ok ? "" : made.why;
    return [{ ok: false, seen: `No handshake was made: ${why}.`, raw: why, reproduce }];
  },
};

interface SentCertificate extends PeerCertificate {
  /** None for the last one of a chain that was sent without its root. */
  readonly issuerCertificate?: SentCertificate;
}

/** The chain as it was sent, own certificate first. */
function chainOf(first: SentCertificate): SentCertificate[] {
  const chain: SentCertificate[] = [];
  let at: SentCertificate | undefined = first;
  while (at !== undefined && Object.keys(at).length > 0 && chain.length < chainMax) {
    chain.push(at);
    // The last one names itself, or nobody.
    const issuer: SentCertificate | undefined = at.issuerCertificate;
    at = issuer?.fingerprint256 === at.fingerprint256 ? undefined : issuer;
  }
  return chain;
}

const chain: TlsProbe = {
  ...shared,
  check: "chain",
  summary: "the certificate and its chain",
  severity: "critical",
  claim: (service) => ({
    statement: `the chain leads to ${service.ca === undefined ? "a public authority" : "the declared authority"} and is good for ${tlsName(service)}`,
    category,
    rationale: "A client that checks is locked out, and one that does not is open to anybody.",
    parts: ["trust", "name"],
  }),
  saboteur: [{ when: "certificate", reply: "stranger" }],
  async run(context) {
    const ca = await tlsAuthorities(context.service);
    const made = await handshake(context, { ca: ca ?? [...rootCertificates] });
    const reproduce = openssl(context, "-showcerts", "-verify_return_error");
    const seen = finished(made, ({ socket }): StackSeen[] => {
      const first = socket.getPeerCertificate(true);
      const certificates = chainOf(first);
      const subjects = certificates.map(({ subject }) => String(subject?.CN ?? "no name"));
      const why = socket.authorizationError as unknown;
      const said = why instanceof Error ? why.message : String(why);
      const wrong = checkServerIdentity(tlsName(context.service), first);
      // Node.js compares names too; the name is a part of its own here.
      const isTrusted = socket.authorized || /ALTNAME/.test(said);
      const verdict = isTrusted ? "is trusted" : `is not trusted: ${said}`;
      const trust = `The chain ${subjects.join(" < ")} ${verdict}.`;
      const named = wrong === undefined ? "is" : `is not (${wrong.message})`;
      const name = `The certificate ${named} good for ${tlsName(context.service)}.`;
      return [
        { ok: isTrusted, seen: trust, part: "trust", raw: said, reproduce },
        { ok: wrong === undefined, seen: name, part: "name", reproduce },
      ];
    });
    return seen ?? [];
  },
};

const expiry: TlsProbe = {
  ...shared,
  check: "expiry",
  summary: "days left",
  severity: "high",
  claim: ({ daysLeft }) => ({
    statement: `every certificate of the chain is good for ${daysLeft} days or more`,
    category,
    rationale: "A certificate ends on a known day, and everything with it.",
  }),
  saboteur: [{ when: "certificate", reply: "ending" }],
  async run(context) {
    const made = await handshake(context);
    const reproduce = openssl(context, "-showcerts");
    const seen = finished(made, ({ socket }): StackSeen => {
      const nowMs = context.clock.wallMs();
      const all = chainOf(socket.getPeerCertificate(true));
      const left = all.map((one) => (Date.parse(one.valid_to) - nowMs) / dayMs);
      const early = all.filter((one) => Date.parse(one.valid_from) > nowMs).length;
      const days = Math.min(...left);
      const first = all[left.indexOf(days)];
      const ok = days >= context.service.daysLeft && early === 0;
      const what = `${String(first?.subject?.CN ?? "no name")} until ${first?.valid_to ?? "unknown"}`;
      const not = early === 0 ? "" : `; ${early} are not yet good`;
      context.note({ service: context.name, daysLeft: Number(days.toFixed(2)) });
      return { ok, seen: `${days.toFixed(1)} days are left (${what})${not}.`, reproduce };
    });
    return seen === null ? [] : [seen];
  },
};

const versions: TlsProbe = {
  ...shared,
  check: "versions",
  summary: "versions of the protocol",
  severity: "high",
  claim: ({ minVersion }) => ({
    statement: `TLS ${minVersion === "1.2" ? "1.2 or 1.3" : "1.3"} is spoken, and nothing older`,
    category,
    rationale: "TLS 1.0 and 1.1 are broken and forbidden by the card industry.",
    parts: ["current", "older"],
  }),
  saboteur: [{ when: "versions", reply: "TLSv1" }],
  async run(context) {
    const isStrict = context.service.minVersion === "1.3";
    const spoken: string[] = [];
    for (const version of ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const) {
      const weak = version === "TLSv1" || version === "TLSv1.1" ? old : {};
      const made = await handshake(context, { minVersion: version, maxVersion: version, ...weak });
      if (finished(made, () => true) === true) spoken.push(version);
    }
    const isCurrent = (version: string): boolean =>
      version === "TLSv1.3" || (version === "TLSv1.2" && !isStrict);
    const older = spoken.filter((version) => !isCurrent(version));
    const seen = `Spoken: ${spoken.join(", ")}.`;
    const reproduce = openssl(context, "-tls1_1", "-cipher", old.ciphers);
    return [
      { ok: spoken.some(isCurrent), seen, part: "current", reproduce },
      { ok: older.length === 0, seen, part: "older", reproduce },
    ];
  },
};

const hsts: TlsProbe = {
  ...shared,
  check: "hsts",
  summary: "strict transport security",
  severity: "medium",
  claim: (service) =>
    service.hsts
      ? {
          statement: "strict-transport-security of 180 days or more is sent",
          category,
          rationale: "Without it the first request of a browser goes in the clear.",
        }
      : null,
  saboteur: [{ when: "hsts", reply: "max-age=60" }],
  async run(context) {
    const made = await handshake(context);
    if (!made.ok) return [];
    const headers = await headOver(context, made.socket);
    const value = headers["strict-transport-security"] ?? "";
    const seconds = Number(/max-age="?(\d+)/i.exec(value)?.[1] ?? 0);
    const seen = value === "" ? "It is not sent." : `strict-transport-security: ${value}.`;
    return [
      {
        ok: seconds >= hstsSecondsMin,
        seen,
        reproduce: ["curl", "-sSI", "-k", tlsDoor(context.service).href],
      },
    ];
  },
};

const postQuantum: TlsProbe = {
  ...shared,
  check: "post_quantum",
  summary: "a group that quantum computers do not break",
  severity: "low",
  claim: (service) =>
    service.postQuantum
      ? {
          statement: `a handshake that offers ${group} alone succeeds`,
          category,
          rationale: "What is recorded today can be read by whoever breaks the key exchange later.",
        }
      : null,
  saboteur: [{ when: "groups", reply: "X25519" }],
  async run(context) {
    const made = await handshake(context, { ecdhCurve: group, minVersion: "TLSv1.3" });
    const ok = finished(made, () => true) === true;
    if (!ok && !made.ok && /ERR_CRYPTO|ecdh/i.test(made.why)) {
      throw new LacksFeature(`This Node.js cannot offer ${group}.`);
    }
    const seen = ok ? `${group} was taken.` : `${group} alone was refused.`;
    return [{ ok, seen, reproduce: openssl(context, "-groups", group) }];
  },
};

/** Checks of a door that speaks TLS, in the order they run. */
export const tlsProbes: readonly TlsProbe[] = [door, chain, expiry, versions, hsts, postQuantum];
