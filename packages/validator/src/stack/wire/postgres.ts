import type { ByteStream } from "./byte-stream.ts";
import { printable, WireFault } from "./fault.ts";
import { answerOf } from "./scram.ts";

/** An error a server of PostgreSQL answered with. */
export class PostgresError extends Error {
  /** SQLSTATE, such as `42501`. */
  readonly state: string;

  constructor(state: string, message: string) {
    super(message);
    this.name = "PostgresError";
    this.state = state;
  }
}

export type Row = readonly (string | null)[];

/** One session; every wait ends with the signal of its stream. */
export interface PostgresSession {
  /** Rows of the last result of a simple query. @throws PostgresError, WireFault */
  query(sql: string): Promise<readonly Row[]>;
  /** Rows of one statement with values `$1`, `$2`. @throws PostgresError, WireFault */
  execute(sql: string, values: readonly string[]): Promise<readonly Row[]>;
}

export interface Login {
  readonly user: string;
  readonly database: string;
  readonly password: string | undefined;
  /** Bytes of the client's nonce. */
  readonly nonce: Uint8Array;
}

const messageBytesMax = 32 * 1024 * 1024;
const rowsMax = 10_000;

interface Message {
  readonly type: string;
  readonly body: Buffer;
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`);

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

const framed = (type: string, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
};

async function readMessage(stream: ByteStream): Promise<Message> {
  const head = await stream.read(5);
  const size = head.readInt32BE(1) - 4;
  const type = head.toString("latin1", 0, 1);
  if (!/[A-Za-z0-9]/.test(type) || size < 0 || size > messageBytesMax) {
    const raw = printable(head);
    throw new WireFault("protocol", `no message of PostgreSQL but ${JSON.stringify(raw)}`, raw);
  }
  return { type, body: await stream.read(size) };
}

function errorOf(body: Buffer): PostgresError {
  const fields = new Map<string, string>();
  for (const field of body.toString("utf8").split("\0")) fields.set(field[0] ?? "", field.slice(1));
  return new PostgresError(fields.get("C") ?? "XX000", fields.get("M") ?? "no message");
}

function rowOf(body: Buffer): Row {
  const row: (string | null)[] = [];
  let at = 2;
  for (let left = body.readInt16BE(0); left > 0; left--) {
    const size = body.readInt32BE(at);
    at += 4;
    row.push(size < 0 ? null : body.toString("utf8", at, at + Math.max(size, 0)));
    at += Math.max(size, 0);
  }
  return row;
}

/** Rows until the server is ready again; an error it sent is thrown then, so the session goes on. */
async function readRows(stream: ByteStream): Promise<readonly Row[]> {
  let rows: Row[] = [];
  let error: PostgresError | null = null;
  for (;;) {
    const { type, body } = await readMessage(stream);
    if (type === "T") rows = [];
    if (type === "D" && rows.length < rowsMax) rows.push(rowOf(body));
    if (type === "E") error ??= errorOf(body);
    if (type !== "Z") continue;
    if (error !== null) throw error;
    return rows;
  }
}

/** The first message after a startup packet: `R` or `E` speak for PostgreSQL. @throws WireFault */
export async function greet(
  stream: ByteStream,
  login: Pick<Login, "user" | "database">,
): Promise<Message> {
  const pairs = { user: login.user, database: login.database, application_name: "loadline" };
  const words = Object.entries(pairs).flatMap(([key, value]) => [text(key), text(value)]);
  const body = Buffer.concat([int32(196_608), ...words, Buffer.from([0])]);
  stream.write(Buffer.concat([int32(body.length + 4), body]));
  return readMessage(stream);
}

/** Logs in and waits until the server is ready. @throws PostgresError refused, WireFault */
export async function startSession(stream: ByteStream, login: Login): Promise<PostgresSession> {
  const answer = answerOf(login);
  for (let message = await greet(stream, login); ; message = await readMessage(stream)) {
    if (message.type === "E") throw errorOf(message.body);
    if (message.type === "R") {
      const reply = answer(message.body);
      if (reply !== null) stream.write(framed("p", reply));
    }
    if (message.type === "Z") break;
  }
  return {
    query(sql) {
      stream.write(framed("Q", text(sql)));
      return readRows(stream);
    },
    execute(sql, values) {
      const parse = framed("P", text(""), text(sql), int16(0));
      const given = values.flatMap((value) => {
        const bytes = Buffer.from(value);
        return [int32(bytes.length), bytes];
      });
      const counts = [int16(0), int16(values.length), ...given, int16(0)];
      const bind = framed("B", text(""), text(""), ...counts);
      const run = framed("E", text(""), int32(0));
      stream.write(Buffer.concat([parse, bind, run, framed("S")]));
      return readRows(stream);
    },
  };
}
