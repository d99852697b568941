import type { Clock, Timer } from "@loadline/kit/clock";
import type { AuditEvent } from "./events.ts";

const windowMs = 10_000;
const windowsMax = 4096;

interface Window {
  readonly first: AuditEvent;
  /** Denials since the first, which was passed on at once. */
  more: number;
  lastMs: number;
}

export interface DenialMerger {
  /** Passes the first denial of a window on and counts its equals. */
  deny(event: AuditEvent): void;
  /** Passes on what was counted so far and starts all windows anew. */
  flush(): void;
  /** Windows open now, never more than 4,096 and one per surface. */
  size(): number;
}

/**
 * Equal denials of one credential (or, without one, address) and surface become two entries per
 * 10 s: the first at once with `count` 1, the rest together with their exact count. Past 4,096
 * windows the denials of further callers are counted together per surface and code.
 */
export function createDenialMerger(clock: Clock, pass: (event: AuditEvent) => void): DenialMerger {
  const windows = new Map<string, Window>();
  let timer: Timer | undefined;
  const flush = (): void => {
    timer?.cancel();
    timer = undefined;
    const open = [...windows.values()];
    windows.clear();
    for (const window of open) if (window.more > 0) pass(merged(window));
  };
  return {
    deny(event) {
      const own = keyOf(event);
      const isRoom = windows.size < windowsMax || windows.has(own);
      const key = isRoom ? own : `*|${event.surface ?? ""}|${event.code ?? ""}`;
      const window = windows.get(key);
      if (window) {
        window.more++;
        window.lastMs = clock.wallMs();
        return;
      }
      timer ??= clock.after(windowMs, flush, { unref: true });
      const first = isRoom ? event : anonymous(event);
      windows.set(key, { first, more: 0, lastMs: clock.wallMs() });
      pass({ ...first, detail: { ...first.detail, count: 1 } });
    },
    flush,
    size: () => windows.size,
  };
}

function keyOf(event: AuditEvent): string {
  const { credential } = event.actor;
  const who = credential === "" ? `a${event.ip ?? ""}` : `c${credential}`;
  return `${who}|${event.tenant}|${event.surface ?? ""}|${event.action}|${event.code ?? ""}`;
}

function merged({ first, more, lastMs }: Window): AuditEvent {
  const { requestId: _, ...event } = first;
  const lastAt = new Date(lastMs).toISOString();
  return { ...event, detail: { ...first.detail, count: more, merged: true, lastAt } };
}

/** Stands for callers beyond the table's bound. */
function anonymous(event: AuditEvent): AuditEvent {
  const { ip: _, requestId: __, ...rest } = event;
  const actor = { id: "*", kind: "many", via: event.actor.via, credential: "" };
  return { ...rest, actor };
}
