import { isPublic } from "../identity/surface.ts";
import type { KeyCheck } from "../state/keys.ts";
import type { Refusal } from "./exchange.ts";
import type { Stage } from "./stage.ts";

const scheme = /^bearer +(\S+) *$/i;
const challenge = ["www-authenticate", "Bearer"];

/** One principal per request, from the API key. */
export function authenticateStage(check: (key: string) => KeyCheck, isRequired: boolean): Stage {
  return {
    id: "authenticate",
    summary: "API key -> principal",
    wired: (operation) => isRequired && !isPublic(operation),
    run(x) {
      const header = x.picked?.authorization;
      if (header === undefined) return refuse("LL_AUTH_MISSING");
      const key = scheme.exec(header)?.[1];
      if (key === undefined) return refuse("LL_AUTH_MALFORMED");
      const result = check(key);
      if (!result.ok) return refuse(result.code);
      x.keyId = result.id;
      return undefined;
    },
  };
}

function refuse(code: Refusal["code"]): Refusal {
  return { code, headers: challenge };
}
