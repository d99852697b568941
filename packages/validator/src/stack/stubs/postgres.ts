import type { Socket } from "node:net";
import { parseJson } from "@loadline/kit/json";
import type { StackRule } from "../probe.ts";
import { textOf } from "../wire/shape.ts";
import type { StackStub } from "./stub.ts";
import { startTcpStub } from "./tcp.ts";

const clean: readonly StackRule[] = [
  { when: "show server_version", reply: '[["15.9"]]' },
  { when: "select extname", reply: '[["plpgsql","1.0"],["timescaledb","2.19.3"]]' },
  { when: "create role", reply: "!42501 permission denied to create role" },
  { when: "select datname", reply: '[["other"]]' },
  { when: "select name, setting", reply: '[["fsync","on"],["full_page_writes","on"]]' },
  { when: "select (select sum(numbackends)", reply: '[["3","100"]]' },
  { when: "select pg_database_size", reply: '[["8000000"]]' },
  { when: "select count(*) filter", reply: '[["1","0003"]]' },
  { when: "select pg_is_in_recovery", reply: '[["f","1"]]' },
  { when: "select extract(epoch", reply: "[]" },
  { when: "select extversion", reply: '[["2.19.3"]]' },
  { when: "select hypertable_name", reply: '[["ticks","4"]]' },
  { when: "select job_id", reply: '[["1000","Success","0"]]' },
  { when: "select round(mean_exec_time", reply: '[["3.5","40","77"]]' },
  { when: "select application_name", reply: '[["b","streaming","0"]]' },
  { when: "select pg_sleep", reply: '[[""]]' },
  { when: "select time_bucket", reply: '[["2026-01-01 10:00:00"]]' },
  { when: "select count(*) as orders", reply: '[["7"]]' },
  { when: "select count(*) from", reply: '[["0"]]' },
];

const framed = (type: string, body: Buffer | string): Buffer => {
  const head = Buffer.alloc(5);
  head.write(type, "latin1");
  head.writeInt32BE(Buffer.byteLength(body) + 4, 1);
  return Buffer.concat([head, Buffer.from(body)]);
};

function rowFrame(row: readonly unknown[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeInt16BE(row.length);
  const cells = row.map((cell) => {
    const value = Buffer.from(textOf(cell));
    const size = Buffer.alloc(4);
    size.writeInt32BE(cell === null ? -1 : value.length);
    return Buffer.concat([size, value]);
  });
  return framed("D", Buffer.concat([count, ...cells]));
}

const ready = framed("Z", "I");
const okLogin = Buffer.concat([framed("R", Buffer.alloc(4)), ready]);

function answered(reply: string): Buffer {
  if (reply.startsWith("!")) {
    const [state = "", ...words] = reply.slice(1).split(" ");
    const fields = `SERROR\0C${state}\0M${words.join(" ")}\0\0`;
    return framed("E", fields);
  }
  const rows = parseJson(reply);
  const frames = Array.isArray(rows) ? rows.filter(Array.isArray).map(rowFrame) : [];
  return Buffer.concat([...frames, framed("C", "SELECT\0")]);
}

interface Twin {
  readonly rules: readonly StackRule[];
  readonly password: string;
}

interface Session {
  isIn: boolean;
  sql: string;
  value: string;
}

const ruled = ({ rules }: Twin, line: string): string | undefined =>
  rules.find(({ when }) => line.startsWith(when))?.reply;

function queried({ rules }: Twin, session: Session, sql: string): Buffer {
  if (sql.startsWith("select value")) return answered(JSON.stringify([[session.value]]));
  const found = [...rules, ...clean].find(({ when }) => sql.startsWith(when));
  return answered(found?.reply ?? "[]");
}

function loggedIn(twin: Twin, session: Session, given: string | undefined): Buffer {
  const isRight = given === twin.password;
  const said = ruled(twin, isRight ? "login" : "wrong login");
  session.isIn = isRight ? said === undefined : said === "ok";
  return session.isIn ? okLogin : answered(said ?? "!28P01 password authentication failed");
}

/** The answer to one message behind the startup. */
function messageAnswer(twin: Twin, session: Session, type: string, body: Buffer): Buffer {
  const words = body.toString("utf8").split("\0");
  switch (type) {
    case "p":
      return loggedIn(twin, session, words[0]);
    case "Q":
      return Buffer.concat([queried(twin, session, words[0] ?? ""), ready]);
    case "P":
      session.sql = words[1] ?? "";
      return Buffer.alloc(0);
    case "B":
      if (body.readInt16BE(4) > 0) session.value = body.subarray(10, -2).toString("utf8");
      return Buffer.alloc(0);
    case "E":
      return queried(twin, session, session.sql);
    default:
      return ready;
  }
}

/** Asks for the password, unless a rule says otherwise; a rule ends the connection. */
function startUp(twin: Twin, socket: Socket, body: Buffer): void {
  const isOther = /database\0(?:other|d\d+)\0/.test(body.toString("utf8"));
  const said = ruled(twin, "startup");
  const no = ruled(twin, "other database") ?? "!42501 permission denied for database";
  const ask = isOther ? answered(no) : null;
  socket.write(said ?? ask ?? framed("R", Buffer.from([0, 0, 0, 3])));
  if (said !== undefined) socket.end();
}

function serve(twin: Twin, socket: Socket): void {
  const session: Session = { isIn: false, sql: "", value: "" };
  let buffer: Buffer = Buffer.alloc(0);
  let isStarted = false;
  socket.on("data", (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      const at = isStarted ? 1 : 0;
      if (buffer.length < at + 4) return;
      const end = at + buffer.readInt32BE(at);
      if (buffer.length < end) return;
      const body = Buffer.from(buffer.subarray(at + 4, end));
      const type = buffer.toString("latin1", 0, 1);
      buffer = buffer.subarray(end);
      if (isStarted) socket.write(messageAnswer(twin, session, type, body));
      else startUp(twin, socket, body);
      isStarted = true;
    }
  });
}

/** A PostgreSQL of one test: one password in clear text, answers by the beginning of a query. */
export function startPostgresStub(
  rules: readonly StackRule[],
  password: string,
): Promise<StackStub> {
  const twin: Twin = { rules, password };
  return startTcpStub({
    serve: (socket) => serve(twin, socket),
    url: (port) => `postgres://127.0.0.1:${port}/app`,
  });
}
