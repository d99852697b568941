import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { parseJson } from "@loadline/kit/json";
import type { Exchange, TargetState } from "./exchange.ts";
import { type ClientFrame, FrameReader, writeFrame } from "./frames.ts";

const acceptKey = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const closeCode = { protocol: Buffer.from([0x03, 0xea]), normal: Buffer.from([0x03, 0xe8]) };
const unsentBytesMax = 64 * 1024 * 1024;

interface Member {
  readonly id: number;
  readonly socket: Socket;
  readonly rooms: Set<string>;
}

type Message = Readonly<Record<string, unknown>>;

/**
 * Rooms over WebSocket, JSON in text frames:
 *
 * | the client sends | it gets | the other members get |
 * |---|---|---|
 * | `{op:"join",room}` | `{op:"joined",room,members}` | `{op:"presence",room,members}` |
 * | `{op:"leave",room}` | `{op:"left",room}` | `{op:"presence",room,members}` |
 * | `{op:"say",room,id,...}` | `{op:"ack",id,delivered}` | `{op:"said",room,from,id,...}` |
 * | `{op:"echo",id,...}` | the same with `op:"echoed"` | nothing |
 */
export class Rooms {
  readonly #rooms = new Map<string, Set<Member>>();
  #next = 0;

  /** Takes the connection over; its bytes are frames from here on. */
  upgrade(exchange: Exchange, first: Buffer): void {
    const { headers } = exchange.request;
    const key = headers.get("sec-websocket-key") ?? "";
    if (headers.get("upgrade")?.toLowerCase() !== "websocket" || key === "") {
      exchange.answer(426, "", { upgrade: "websocket" });
      return;
    }
    const accept = createHash("sha1").update(`${key}${acceptKey}`).digest("base64");
    const { socket, state } = exchange;
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
    );
    exchange.done(101);
    this.#serve(socket, state, first);
  }

  #serve(socket: Socket, state: TargetState, first: Buffer): void {
    const member: Member = { id: this.#next++, socket, rooms: new Set() };
    const reader = new FrameReader();
    const read = (chunk: Buffer): void => {
      reader.push(chunk);
      for (let frame = reader.next(); frame !== null; frame = reader.next()) {
        if (frame === "bad") {
          socket.end(writeFrame(8, closeCode.protocol));
          return;
        }
        this.#frame(member, state, frame);
      }
    };
    socket.removeAllListeners("data");
    socket.on("data", read);
    socket.on("close", () => {
      for (const room of member.rooms) this.#leave(member, room);
    });
    if (first.length > 0) read(first);
  }

  #frame(member: Member, state: TargetState, frame: ClientFrame): void {
    if (frame.opcode === 8) member.socket.end(writeFrame(8, closeCode.normal));
    else if (frame.opcode === 9) member.socket.write(writeFrame(10, frame.payload));
    else if (frame.opcode === 1) this.#message(member, state, frame.payload.toString("utf8"));
  }

  #message(member: Member, state: TargetState, text: string): void {
    const message = parsed(text);
    if (message === null) {
      say(member, { op: "error", message: "not a JSON object" });
      return;
    }
    const room = typeof message["room"] === "string" ? message["room"] : "";
    switch (message["op"]) {
      case "join":
        this.#join(member, room);
        return;
      case "leave":
        this.#leave(member, room);
        say(member, { op: "left", room });
        return;
      case "say":
        this.#fanOut(member, state, { ...message, room });
        return;
      case "echo":
        say(member, { ...message, op: "echoed" });
        return;
      default:
        say(member, { op: "error", message: "no such op" });
    }
  }

  #join(member: Member, room: string): void {
    const members = this.#rooms.get(room) ?? new Set<Member>();
    this.#rooms.set(room, members);
    members.add(member);
    member.rooms.add(room);
    say(member, { op: "joined", room, members: members.size });
    this.#presence(room, member);
  }

  #leave(member: Member, room: string): void {
    member.rooms.delete(room);
    const members = this.#rooms.get(room);
    if (members?.delete(member) !== true) return;
    if (members.size === 0) this.#rooms.delete(room);
    else this.#presence(room, member);
  }

  #presence(room: string, except: Member): void {
    const members = this.#rooms.get(room) ?? new Set<Member>();
    for (const other of members) {
      if (other !== except) say(other, { op: "presence", room, members: members.size });
    }
  }

  #fanOut(from: Member, { options, random, ledger }: TargetState, message: Message): void {
    const rooms = options.rooms ?? {};
    const { room, id } = message;
    let expected = 0;
    let delivered = 0;
    for (const other of this.#rooms.get(String(room)) ?? []) {
      if (other === from) continue;
      expected++;
      if (rooms.loss !== undefined && random.unit() < rooms.loss) continue;
      delivered++;
      const said = { ...message, op: "said", from: from.id };
      say(other, said);
      if (rooms.duplicate !== undefined && random.unit() < rooms.duplicate) {
        ledger.count("room_duplicates");
        say(other, said);
      }
    }
    ledger.count("room_messages");
    ledger.count("room_expected", expected);
    ledger.count("room_delivered", delivered);
    say(from, { op: "ack", id, delivered: rooms.lie === true ? expected : delivered });
  }
}

/** A member that does not read is disconnected rather than remembered without bound. */
function say(member: Member, message: Message): void {
  if (member.socket.writableLength > unsentBytesMax) member.socket.destroy();
  else member.socket.write(writeFrame(1, Buffer.from(JSON.stringify(message))));
}

function parsed(text: string): Message | null {
  const message = parseJson(text);
  return typeof message === "object" && message !== null ? { ...message } : null;
}
