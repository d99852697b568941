import { isIPv4, isIPv6 } from "node:net";
import { isRecord, type JsonRecord } from "@loadline/kit/json";
import { textOf } from "../wire/shape.ts";
import { filled, isOpen, shownText } from "./file.ts";

/** A TCP port of this machine that leads to one of a container. */
export interface Published {
  readonly port: number;
  readonly target: number;
  /** Where it listens: `*`, `127.0.0.1`, `[::1]`; null where the file leaves it open. */
  readonly host: string | null;
}

export interface Ports {
  readonly doors: readonly Published[];
  /** What of `ports` leads nowhere that can be told, one sentence each. */
  readonly notes: readonly string[];
}

/** One row of `ports`, in words. */
interface Row {
  readonly ip: string;
  /** Ports of this machine; empty for one that is chosen at each start. */
  readonly own: string;
  readonly target: string;
  readonly protocol: string;
}

function rowOf(given: unknown): Row {
  if (isRecord(given)) {
    const { host_ip: ip, published, target, protocol } = given;
    return {
      ip: filled(ip),
      own: filled(published),
      target: filled(target),
      protocol: textOf(protocol) || "tcp",
    };
  }
  const [body = "", protocol = "tcp"] = filled(given).split("/");
  const last = body.lastIndexOf(":");
  const before = last < 0 ? "" : body.slice(0, last);
  const middle = before.lastIndexOf(":");
  return {
    // What is left of the port of this machine is an address, of version 6 with or without brackets.
    ip: middle < 0 ? "" : before.slice(0, middle),
    own: before.slice(middle + 1),
    target: body.slice(last + 1),
    protocol,
  };
}

/** The address as a manifest says it; null for one that is left open, or is none. */
function hostOf(ip: string): string | null {
  const bare = ip.replace(/^\[(.*)\]$/, "$1");
  if (["", "0.0.0.0", "::"].includes(bare)) return "*";
  if (isIPv4(bare)) return bare;
  return isIPv6(bare) ? `[${bare.toLowerCase()}]` : null;
}

const rangeMax = 100;

/** The ports of `80` or `8000-8002`; none for another text, or more than 100. */
function portsIn(text: string): number[] {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (first === undefined) return [];
  const [from, to] = [Number(first), Number(last)];
  if (from < 1 || to > 65_535 || to < from || to - from >= rangeMax) return [];
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function readRow(row: Row): Ports {
  const { own, target, protocol, ip } = row;
  const none = (why: string): Ports => ({ doors: [], notes: [shownText(why)] });
  if (protocol !== "tcp") return none(`its port ${target}/${protocol} is not looked at.`);
  if (own === "") {
    return none(`its port ${target} gets a port of this machine at each start; publish one.`);
  }
  const [ports, targets] = [portsIn(own), portsIn(target)];
  if (ports.length === 0 || ports.length !== targets.length) {
    const why = isOpen(own + target) ? "a variable without a default" : "more than one may";
    return none(
      `it is open what port of this machine leads to its port ${target} (${own}: ${why}).`,
    );
  }
  const host = hostOf(ip);
  const notes =
    host === null
      ? [`its port ${own} listens at no address that the file tells (${shownText(ip)}): left out.`]
      : [];
  return { doors: ports.map((port, at) => ({ port, target: targets[at] ?? port, host })), notes };
}

/** Every port of this machine that leads to the service, of the short and the long form. */
export function readPorts(service: JsonRecord): Ports {
  const given = service["ports"];
  const rows: readonly unknown[] = Array.isArray(given) ? given : [];
  const read = rows.map((row) => readRow(rowOf(row)));
  return {
    doors: read.flatMap(({ doors }) => doors),
    notes: read.flatMap(({ notes }) => notes),
  };
}
