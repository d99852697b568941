import type { Session } from "./wire.ts";

/** What waits for a session: what to do with one, and how to open one. */
interface Wanted {
  readonly use: (session: Session) => void;
  /** Calls back once, with null when no session could be opened. */
  readonly open: (opened: (session: Session | null) => void) => void;
}

/**
 * Sessions of one server: as many as calls run at once, at most `max`; above it they are shared. A
 * server that gives no id has one session for all.
 */
export class SessionPool {
  readonly #max: number;
  readonly #free: Session[] = [];
  /** Calls that use a session. */
  readonly #users = new Map<Session, number>();
  readonly #waiting: Wanted[] = [];
  #shared: Session | null = null;
  #opening = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Uses a free session, opens one, or waits for one that is being opened. */
  take(use: Wanted["use"], open: Wanted["open"]): void {
    const session = this.#shared ?? this.#free.pop();
    if (session !== undefined) this.#use(session, use);
    else if (this.#users.size + this.#opening < this.#max) this.#open({ use, open });
    else {
      const [busy] = this.#users.keys();
      if (busy === undefined) this.#waiting.push({ use, open });
      else this.#use(busy, use);
    }
  }

  /** The call is over; a lost session is not used again. */
  give(session: Session, isLost: boolean): void {
    if (session === this.#shared) return;
    if (isLost) {
      this.#users.delete(session);
      return;
    }
    const users = this.#users.get(session);
    // Lost meanwhile, by another call.
    if (users === undefined) return;
    this.#users.set(session, users - 1);
    if (users === 1) this.#free.push(session);
  }

  /** Forgets and returns all sessions. */
  drain(): readonly Session[] {
    const all = [...this.#users.keys()];
    this.#users.clear();
    this.#free.length = 0;
    return all;
  }

  #use(session: Session, use: Wanted["use"]): void {
    if (session !== this.#shared) {
      // The one used longest ago comes first when sessions must be shared.
      const users = this.#users.get(session) ?? 0;
      this.#users.delete(session);
      this.#users.set(session, users + 1);
    }
    use(session);
  }

  #open(wanted: Wanted): void {
    this.#opening++;
    wanted.open((session) => {
      this.#opening--;
      if (session !== null) {
        if (session.id === null) this.#shared = session;
        this.#use(session, wanted.use);
      }
      for (const next of this.#waiting.splice(0)) this.take(next.use, next.open);
    });
  }
}
