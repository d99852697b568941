import { type JsonRecord, isRecord } from "@loadline/kit/json";

/** How a server's rooms are spoken to: JSON objects in text messages. Null: the server has none. */
export interface RoomDialect {
  /** Sent, with `${room}`, `${id}` and `${text}` filled in. */
  readonly join: JsonRecord;
  readonly say: JsonRecord;
  readonly echo: JsonRecord | null;
  /** Received; a message is one of these when it has all of its fields. */
  readonly joined: JsonRecord;
  readonly said: JsonRecord;
  readonly ack: JsonRecord | null;
  readonly echoed: JsonRecord | null;
  readonly presence: JsonRecord | null;
  /** Field with the id of a message. */
  readonly idField: string;
  /** Field with the number of members, in `joined` and `presence`. */
  readonly membersField: string;
}

export interface RoomsOptions {
  /** Below the base URL. */
  readonly path: string;
  /** Members are spread over this many rooms, default 1. */
  readonly rooms?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** What differs from the default dialect. */
  readonly dialect?: Partial<RoomDialect>;
  /** Text of each message, in bytes, default 64. */
  readonly textBytes?: number;
  /** A delivery later than this is none, default 5,000 ms. */
  readonly deliverWithinMs?: number;
  /** An acknowledgement or an echo later than this is none, default 30,000 ms. */
  readonly answerWithinMs?: number;
  /** Step of connecting and joining, default none: in the account, in no claim. */
  readonly connectStep?: number;
}

const defaults: RoomDialect = {
  join: { op: "join", room: "${room}" },
  say: { op: "say", room: "${room}", id: "${id}", text: "${text}" },
  echo: { op: "echo", id: "${id}", text: "${text}" },
  joined: { op: "joined" },
  said: { op: "said" },
  ack: { op: "ack" },
  echoed: { op: "echoed" },
  presence: { op: "presence" },
  idField: "id",
  membersField: "members",
};

/** The dialect of these options. */
export function dialectOf(o: RoomsOptions): RoomDialect {
  return { ...defaults, ...o.dialect };
}

/** A template as text, its places filled. */
export function fill(template: JsonRecord, values: Readonly<Record<string, string>>): string {
  return JSON.stringify(template, (_key, value: unknown) =>
    typeof value === "string"
      ? value.replace(/\$\{(room|id|text)\}/g, (_all, name: string) => values[name] ?? "")
      : value,
  );
}

/** Whether a message has all fields of a shape, nested objects alike. */
export function fits(message: JsonRecord, shape: JsonRecord | null): boolean {
  if (shape === null) return false;
  for (const name in shape) {
    const wanted = shape[name];
    const given = message[name];
    if (isRecord(wanted) ? !(isRecord(given) && fits(given, wanted)) : given !== wanted) {
      return false;
    }
  }
  return true;
}
