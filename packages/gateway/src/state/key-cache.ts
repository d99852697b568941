import { type KeyCheck, checkKey, keyFingerprint } from "./keys.ts";
import type { State } from "./state.ts";

const entriesMax = 10_000;
const positiveMs = 30_000;
const negativeMs = 5000;
const pollMs = 250;

interface Entry {
  readonly check: KeyCheck;
  readonly untilMs: number;
}

export interface KeyCache {
  check(key: string): KeyCheck;
  close(): void;
}

/**
 * Remembers checks by the key's full fingerprint: good ones 30 s, bad ones 5 s, apart, so a flood
 * of unknown keys evicts nothing good. A write by any process empties it within 250 ms.
 */
export function createKeyCache(state: State): KeyCache {
  const positive = new Map<string, Entry>();
  const negative = new Map<string, Entry>();
  let version = state.version();
  const poll = (): void => {
    const now = state.version();
    if (now !== version) {
      version = now;
      positive.clear();
      negative.clear();
    }
    timer = state.clock.after(pollMs, poll, { unref: true });
  };
  let timer = state.clock.after(pollMs, poll, { unref: true });
  return {
    check(key) {
      const fingerprint = keyFingerprint(key);
      const nowMs = state.clock.monotonicMs();
      const known = positive.get(fingerprint) ?? negative.get(fingerprint);
      if (known && nowMs < known.untilMs) return known.check;
      const check = checkKey(state, key);
      const untilMs = nowMs + (check.ok ? positiveMs : negativeMs);
      remember(check.ok ? positive : negative, fingerprint, { check, untilMs });
      (check.ok ? negative : positive).delete(fingerprint);
      return check;
    },
    close: () => timer.cancel(),
  };
}

/** Oldest entry first out; both maps have one bound. */
function remember(map: Map<string, Entry>, key: string, entry: Entry): void {
  map.delete(key);
  if (map.size >= entriesMax) {
    const oldest = map.keys().next().value;
    if (oldest !== undefined) map.delete(oldest);
  }
  map.set(key, entry);
}
