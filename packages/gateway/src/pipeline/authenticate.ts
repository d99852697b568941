import type { GatewayErrorCode } from "../errors.ts";
import { anonymousPrincipal } from "../identity/acting.ts";
import type { Identity } from "../identity/identity.ts";
import type { Authentication } from "../identity/keys/cached-key.ts";
import type { Principal } from "../identity/principal.ts";
import { isPublic } from "../identity/surface.ts";
import type { Exchange, Refusal } from "./exchange.ts";
import type { Stage, StageOutcome } from "./stage.ts";

const challenge = ["www-authenticate", "Bearer"];
const staleHeaders = ["x-loadline-degraded", "auth"];
/** `Bearer`, then at least one blank. */
const schemeChars = 7;

const missing: Refusal = { code: "LL_AUTH_MISSING", headers: challenge };
const malformed: Refusal = { code: "LL_AUTH_MALFORMED", headers: challenge };

/** Who may come with a credential that is no key: the gateway itself. */
export interface OwnPass {
  admit(header: string): Principal | undefined;
}

/**
 * One principal per request, from the API key; nothing is waited for when the key is cached. `own`
 * is asked about what is no bearer's header.
 */
export function authenticateStage(
  identity: Pick<Identity, "authenticate" | "onMissing">,
  live: { readonly current: { readonly isKeyRequired: boolean } },
  own?: OwnPass,
): Stage {
  const anonymous = anonymousPrincipal();
  // Of the header before: a kept connection sends the same text, and a key that is cut out anew is
  // hashed anew when it is looked up.
  let lastHeader = "";
  let lastKey = "";
  const bearerOf = (header: string): string => {
    if (header !== lastHeader) {
      lastKey = isBearer(header) ? header.slice(schemeChars).trim() : "";
      lastHeader = header;
    }
    return lastKey;
  };
  return {
    id: "authenticate",
    summary: "API key -> principal",
    wired: (operation) => !isPublic(operation),
    run(x): StageOutcome {
      const header = x.picked?.authorization;
      const key = header === undefined ? x.picked?.apiKey : bearerOf(header);
      if (key === undefined) {
        const { permission } = x.operation;
        const isOpen = !live.current.isKeyRequired && typeof permission === "string";
        if (isOpen && anonymous.grants.has(permission)) {
          x.principal = anonymous;
          return undefined;
        }
        identity.onMissing();
        return missing;
      }
      if (key === "") return takeOwn(x, own, header);
      const { address, certificate } = x.client;
      const result = identity.authenticate(key, address, x.startedMs, certificate);
      return result instanceof Promise ? result.then((r) => take(x, r)) : take(x, result);
    },
  };
}

/** Only for the operation that the gateway calls: everything else refuses it like anybody. */
function takeOwn(x: Exchange, own: OwnPass | undefined, header: string | undefined) {
  if (header === undefined || x.operation.id !== "chat") return malformed;
  const principal = own?.admit(header);
  if (!principal) return malformed;
  x.principal = principal;
  x.keyId = principal.credentialId;
  return undefined;
}

/** `Bearer` in any case and a blank after it. */
function isBearer(header: string): boolean {
  if (header.charCodeAt(schemeChars - 1) !== 0x20) return false;
  return header.startsWith("Bearer") || header.slice(0, schemeChars - 1).toLowerCase() === "bearer";
}

function take(x: Exchange, result: Authentication): Refusal | undefined {
  if (!result.ok) {
    const { code, retryAfterMs } = result;
    if (retryAfterMs !== undefined) return { code, retryAfterMs, headers: staleHeaders };
    return isForbidden(code) ? { code } : { code, headers: challenge };
  }
  x.principal = result.principal;
  x.keyId = result.principal.credentialId;
  x.isAuthStale = result.isDegraded;
  return undefined;
}

/** 403 carries no challenge: another key of the same holder would not help. */
function isForbidden(code: GatewayErrorCode): boolean {
  return code === "LL_AUTH_IP" || code === "LL_AUTH_BINDING";
}
