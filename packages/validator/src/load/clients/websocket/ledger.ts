/** What the ledger tells, in the metrics of load.md section 8. */
export type Tell = (name: string, value: number, bad?: boolean) => void;

/** One message and who must get it. */
interface Sent {
  readonly sender: number;
  readonly seq: number;
  readonly sentMs: number;
  /** By member: 0 was not in the room, 1 must get it, 2 got it. */
  readonly members: Uint8Array;
  missing: number;
  lastMs: number;
}

const notThere = 0;
const awaited = 1;
const got = 2;

/**
 * Who must get which message: those that were in the room when it was sent, the sender apart. What
 * a server acknowledges changes nothing about it.
 */
export class Ledger {
  readonly #tell: Tell;
  /** Members of each room. */
  readonly #rooms = new Map<string, Set<number>>();
  readonly #sent = new Map<string, Sent>();
  /** Per receiver and sender, the last message that came. */
  readonly #last: Int32Array[] = [];
  #membersMax = 0;
  #incomplete = 0;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** Messages that somebody still waits for. */
  get open(): number {
    return this.#incomplete;
  }

  /** Members of a room now. */
  membersOf(room: string): ReadonlySet<number> {
    return this.#rooms.get(room) ?? new Set();
  }

  join(room: string, member: number): void {
    const members = this.#rooms.get(room) ?? new Set<number>();
    this.#rooms.set(room, members);
    members.add(member);
    this.#membersMax = Math.max(this.#membersMax, member + 1);
  }

  leave(room: string, member: number): void {
    this.#rooms.get(room)?.delete(member);
  }

  /** A message goes out; `seq` counts the sender's. */
  send(id: string, of: { room: string; sender: number; seq: number; nowMs: number }): void {
    const members = new Uint8Array(this.#membersMax);
    let missing = 0;
    for (const member of this.membersOf(of.room)) {
      if (member === of.sender) continue;
      members[member] = awaited;
      missing++;
    }
    const { sender, seq, nowMs } = of;
    if (missing > 0) this.#incomplete++;
    this.#sent.set(id, { sender, seq, sentMs: nowMs, members, missing, lastMs: nowMs });
  }

  /** A message came to a member. */
  receive(id: string, member: number, nowMs: number): void {
    const sent = this.#sent.get(id);
    // Late, or of somebody else.
    if (sent === undefined) return;
    const state = sent.members[member] ?? notThere;
    if (state === notThere) return;
    if (state === got) {
      this.#tell("ws_duplicates", 1, true);
      return;
    }
    sent.members[member] = got;
    sent.missing--;
    sent.lastMs = nowMs;
    this.#order(sent, member);
    this.#tell("ws_fanout", nowMs - sent.sentMs);
    this.#tell("ws_delivery", 1);
    if (sent.missing > 0) return;
    this.#incomplete--;
    this.#tell("ws_fanout_last", nowMs - sent.sentMs);
  }

  /** The time for deliveries of a message is over; true when all of them came. */
  close(id: string): boolean {
    const sent = this.#sent.get(id);
    if (sent === undefined) return true;
    this.#sent.delete(id);
    if (sent.missing === 0) return true;
    this.#incomplete--;
    for (let i = 0; i < sent.missing; i++) this.#tell("ws_delivery", 0, true);
    this.#tell("ws_fanout_last", Number.NaN, true);
    return false;
  }

  /** The time is over for all messages. */
  closeAll(): void {
    for (const id of this.#sent.keys()) this.close(id);
  }

  /** A message was never sent after all. */
  forget(id: string): void {
    const sent = this.#sent.get(id);
    if (sent !== undefined && sent.missing > 0) this.#incomplete--;
    this.#sent.delete(id);
  }

  #order(sent: Sent, member: number): void {
    let last = this.#last[member];
    if (last === undefined || last.length <= sent.sender) {
      const grown = new Int32Array(Math.max(this.#membersMax, sent.sender + 1));
      if (last !== undefined) grown.set(last);
      this.#last[member] = last = grown;
    }
    const before = last[sent.sender] ?? 0;
    if (sent.seq < before) this.#tell("ws_reordered", 1, true);
    else last[sent.sender] = sent.seq;
  }
}
