/** `${env:NAME}` or `${file:PATH}` within a text. */
const references = /\$\{(?:env|file):[^}]+\}/g;
/** Names under which a key is given in a query. */
const credentialName =
  /^(?:.*[-_.])?(?:token|key|api-?key|secret|password|passwd|pwd|sig|signature|auth|authorization|jwt|credentials?)$/i;

/** References in the query of a URL. */
export function queryReferences(url: string): string[] {
  const at = url.indexOf("?");
  const query = at === -1 ? "" : url.slice(at);
  return [...query.matchAll(references)].map(([reference]) => reference);
}

/** The first parameter of a URL's query that is a credential written out; null without one. */
export function credentialIn(url: string): string | null {
  const query = URL.parse(url)?.searchParams ?? new URLSearchParams();
  for (const [name, value] of query) {
    const isWritten = value.replaceAll(references, "") !== "";
    if (isWritten && credentialName.test(name)) return name;
  }
  return null;
}

/** A URL with what its query refers to, for what is sent and for nothing that is kept. */
export function filledUrl(url: string, secret: (reference: string) => string | undefined): string {
  const fill = (reference: string): string => encodeURIComponent(secret(reference) ?? "");
  const at = url.indexOf("?");
  return at === -1 ? url : url.slice(0, at) + url.slice(at).replaceAll(references, fill);
}

/** As it stands in a command: each reference as the shell reads it. */
export function shownUrl(url: string, shown: (reference: string) => string): string {
  return url.replaceAll(references, shown);
}
