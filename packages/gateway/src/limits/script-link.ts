import { type LinkEvents, type RedisLink, scriptOf } from "./redis-link.ts";
import {
  adoptScript,
  beatScript,
  markScript,
  reserveScript,
  restoreScript,
  settleScript,
} from "./redis-scripts.ts";
import type { ScriptCall, ScriptName } from "./script-table.ts";

const nameOf: ReadonlyMap<string, ScriptName> = new Map([
  [scriptOf(reserveScript).sha, "reserve"],
  [scriptOf(settleScript).sha, "settle"],
  [scriptOf(restoreScript).sha, "restore"],
  [scriptOf(adoptScript).sha, "adopt"],
  [scriptOf(beatScript).sha, "beat"],
  [scriptOf(markScript).sha, "mark"],
]);

/**
 * A link to a `ScriptTable` elsewhere: `ask` carries a call there and rejects when it is gone. Every
 * call has the link's time limit; an answer that comes later is not waited for. `gather`: see
 * `RedisLink`; a test has no event loop to wait for.
 */
export function scriptLink(
  ask: (call: ScriptCall) => Promise<unknown>,
  gather: RedisLink["gather"] = (send) => void setImmediate(send),
): (events: LinkEvents) => RedisLink {
  return ({ clock, timeoutMs, onReady, onFault }) => {
    const first = clock.after(0, () => onReady(true));
    return {
      run(script, keys, list, onLost) {
        const name = nameOf.get(script.sha);
        if (name === undefined) throw new TypeError("this script is not known to the supervisor");
        return new Promise((resolve) => {
          const timer = clock.after(timeoutMs, () => resolve(undefined), { unref: true });
          ask({ name, keys: keys.flat(), list }).then(
            (answer) => {
              timer.cancel();
              resolve(answer);
            },
            (cause: unknown) => {
              timer.cancel();
              onFault(cause instanceof Error ? cause.message : String(cause));
              onLost?.();
              resolve(undefined);
            },
          );
        });
      },
      gather,
      close: () => first.cancel(),
    };
  };
}
