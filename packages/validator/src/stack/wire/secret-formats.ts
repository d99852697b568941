/** A kind of secret and how it looks; group 1, where there is one, is the secret itself. */
export interface SecretFormat {
  readonly kind: string;
  /** Global: a line is looked at to its end. */
  readonly pattern: RegExp;
}

/** Formats whose makers gave them a form of their own, and assignments to names of secrets. */
export const secretFormats: readonly SecretFormat[] = [
  { kind: "private key", pattern: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/g },
  { kind: "AWS access key", pattern: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g },
  { kind: "GitHub token", pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{40,})\b/g },
  { kind: "GitLab token", pattern: /\bglpat-[\w-]{20,}/g },
  { kind: "Slack token", pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g },
  { kind: "Anthropic key", pattern: /\bsk-ant-[\w-]{20,}/g },
  { kind: "OpenAI key", pattern: /\bsk-(?!ant-)(?:proj-|svcacct-)?[A-Za-z0-9_-]{32,}/g },
  { kind: "Stripe key", pattern: /\b[rs]k_live_[A-Za-z0-9]{16,}/g },
  { kind: "Google API key", pattern: /\bAIza[\w-]{35}\b/g },
  { kind: "npm token", pattern: /\bnpm_[A-Za-z0-9]{36}\b/g },
  { kind: "JSON web token", pattern: /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/g },
  {
    kind: "password in a URL",
    pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{1,100}:([^\s@/${<]{3,200})@/gi,
  },
  {
    kind: "assigned secret",
    pattern:
      /(?:^|[\s"'_-])(?:password|passwd|secret|secret_key|api_?key|access_?key|auth_?token)["']?\s*[:=]\s*["']?([^\s"'$<{#*,;]{6,200})/gi,
  },
];

/** What a person writes where the secret will be. */
const placeholder =
  /^(x+|\.+|-+|changeit|redacted|masked|null|none|true|false|undefined|your[-_].*|example.*|env:.*|file:.*)$/i;

/** A secret found in a text: what and where, never the value. */
export interface SecretFound {
  readonly kind: string;
  /** From 1. */
  readonly line: number;
  readonly characters: number;
}

const foundMax = 200;
/** A bound keeps the time of the patterns within it; longer lines are looked at piece by piece. */
const pieceCharacters = 10_000;
/** Pieces share as much, so that no secret is cut in two. */
const sharedCharacters = 500;

/** The first secret of a line by the formats; null when it has none. */
function secretOf(text: string): Omit<SecretFound, "line"> | null {
  for (let from = 0; from < text.length; from += pieceCharacters - sharedCharacters) {
    const piece = text.slice(from, from + pieceCharacters);
    for (const { kind, pattern } of secretFormats) {
      for (const match of piece.matchAll(pattern)) {
        const value = match[1] ?? match[0];
        if (match[1] !== undefined && placeholder.test(value)) continue;
        return { kind, characters: value.length };
      }
    }
  }
  return null;
}

/** Secrets in lines, and the planted values by name; at most 200. */
export function secretsIn(
  lines: readonly string[],
  planted: ReadonlyMap<string, string>,
): SecretFound[] {
  const all: SecretFound[] = [];
  for (const [at, text] of lines.entries()) {
    if (all.length >= foundMax) break;
    const named = [...planted].find(([, value]) => value.length > 3 && text.includes(value));
    if (named !== undefined) {
      const kind = `the value of ${named[0]}`;
      all.push({ kind, line: at + 1, characters: named[1].length });
      continue;
    }
    const found = secretOf(text);
    if (found !== null) all.push({ ...found, line: at + 1 });
  }
  return all;
}
