import { stat } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "@loadline/kit/errors";
import type { StackContext, StackProbe, StackSeen } from "../probe.ts";
import type { StackService } from "../services/index.ts";
import { NothingThere, WireFault } from "../wire/fault.ts";
import {
  holdersOf,
  isCarrier,
  type Listener,
  listenersOf,
  memoryOf,
  mountUnder,
  nameOf,
  spelledAddress,
  withChildren,
} from "../wire/proc.ts";
import { heldConnections } from "../wire/held-connections.ts";
import { isOwnHost } from "../wire/own-addresses.ts";

/** A check of what every kind of service may declare. */
export type PartProbe = Omit<StackProbe, "kind">;

/** Port of the service's address; 0 where it has none of its own. */
const portOf = ({ url }: StackService): number => Number(URL.parse(url)?.port || 0);

/** What reads procfs; a machine without it is said so. */
async function fromProc<T>(context: StackContext, read: (root: string) => Promise<T>): Promise<T> {
  const { procRoot } = context.stack;
  await stat(join(procRoot, "net/tcp")).catch(() => {
    throw new NothingThere(`${procRoot} tells of no sockets on this machine.`);
  });
  return await read(procRoot);
}

/** The processes behind the service's port. @throws NothingThere */
async function holders(context: StackContext): Promise<readonly number[]> {
  const { procRoot } = context.stack;
  const port = portOf(context.service);
  const host = URL.parse(context.service.url)?.hostname ?? "";
  // Who holds the same port here has nothing to do with a service elsewhere.
  if (port !== 0 && !(await isOwnHost(procRoot, host))) {
    throw new NothingThere(`${host} is not this machine, so nothing of it was looked at.`);
  }
  const found = port === 0 ? [] : await fromProc(context, (root) => holdersOf(root, port));
  const names = await Promise.all(found.map((pid) => nameOf(procRoot, pid)));
  const own = found.filter((_, at) => !isCarrier(names[at] ?? ""));
  if (own.length > 0) return own;
  const carrier = names[0];
  if (carrier !== undefined) {
    throw new NothingThere(
      `${carrier} holds ${port} and hands on to a container: give that as a service of the kind container.`,
    );
  }
  const what = port === 0 ? "It has no port" : `No process that may be looked into holds ${port}`;
  throw new NothingThere(`${what} on this machine, so nothing of it was looked at.`);
}

const anywhere = /^(\*|0\.0\.0\.0|\[::\])$/;

/** One spelling for each address. */
const spelled = (host: string): string => {
  if (anywhere.test(host)) return "*";
  return host.toLowerCase() === "localhost" ? "127.0.0.1" : spelledAddress(host.toLowerCase());
};

function judgeListener(declared: readonly string[], part: string, all: readonly Listener[]) {
  const at = part.lastIndexOf(":");
  const port = Number(part.slice(at + 1));
  const wanted = declared
    .filter((one) => one.endsWith(`:${port}`))
    .map((one) => spelled(one.slice(0, one.lastIndexOf(":"))));
  const found = all.filter((one) => one.port === port).map(({ address }) => spelled(address));
  const isThere = found.includes(spelled(part.slice(0, at)));
  const other = [...new Set(found.filter((address) => !wanted.includes(address)))];
  const where = other.length === 0 ? "nowhere else" : `at ${other.join(", ")} too`;
  const seen = `${isThere ? "It listens" : "Nobody listens"} at ${part}, and ${where} on that port.`;
  return { ok: isThere && other.length === 0, seen, part, reproduce: ["ss", "-ltn"] };
}

const listeners: PartProbe = {
  check: "listeners",
  summary: "it listens where it was declared to",
  needs: [],
  checklist: ["R1-25"],
  severity: "high",
  claim: (service) =>
    service.listeners.length === 0
      ? null
      : {
          statement: "it listens at each declared address, and nowhere else on those ports",
          category: "Security & Compliance",
          rationale: "A door nobody declared is watched by nobody.",
          parts: [...new Set(service.listeners)],
        },
  saboteur: [{ when: "listen", reply: "00000000" }],
  async run(context) {
    const all = await fromProc(context, listenersOf);
    const declared = [...new Set(context.service.listeners)];
    return declared.map((part): StackSeen => judgeListener(declared, part, all));
  },
};

/** Kinds whose own checks compare the limit with what the service says of itself. */
const ownMemory = /^(redis|container|resources)$/;
const ownConnections = /^(redis|postgres|timescaledb)$/;

const memory: PartProbe = {
  check: "memory",
  summary: "its processes keep within their memory",
  needs: [],
  checklist: ["R1-28"],
  severity: "medium",
  claim: ({ kind, limits }) =>
    limits.memoryBytes === undefined || ownMemory.test(kind)
      ? null
      : {
          statement: `the processes behind its port take at most ${limits.memoryBytes} bytes of memory`,
          category: "Performance & Capacity",
          rationale: "What takes more than its share takes it from its neighbours.",
        },
  saboteur: [{ when: "VmRSS", reply: "9000000" }],
  async run(context) {
    const pids = await holders(context);
    const all = await withChildren(context.stack.procRoot, pids);
    const bytes = await memoryOf(context.stack.procRoot, all);
    const ok = bytes > 0 && bytes <= (context.service.limits.memoryBytes ?? 0);
    const seen = `${all.length} processes take ${bytes} bytes.`;
    const files = all.slice(0, 20).map((pid) => `${context.stack.procRoot}/${pid}/status`);
    return [{ ok, seen, reproduce: ["grep", "-E", "Rss", ...files] }];
  },
};

const connectionsMax = 256;

const connections: PartProbe = {
  check: "held_connections",
  summary: "as many connections as declared",
  needs: [],
  checklist: ["R1-10"],
  severity: "medium",
  claim: ({ kind, limits }) =>
    limits.connections === undefined || ownConnections.test(kind)
      ? null
      : {
          statement: `it answers on each of ${limits.connections} connections held at once`,
          category: "Performance & Capacity",
          rationale: "The client after the last connection is refused.",
        },
  saboteur: [{ when: "connections", reply: "3" }],
  async run(context) {
    const { service } = context;
    const count = service.limits.connections ?? 0;
    const url = /^https?:$/.test(URL.parse(service.url)?.protocol ?? "") ? service.url : null;
    if (url === null || count > connectionsMax) {
      const what = url === null ? `of ${service.kind}` : `above ${connectionsMax}`;
      throw new NothingThere(`Connections ${what} are not opened by this check.`);
    }
    const path = service.kind === "http" ? service.health : "/";
    const at = `${url.replace(/\/+$/, "")}${path}`;
    const { answered, why } = await heldConnections(at, count, context.signal);
    const ok = answered === count;
    const seen = `${answered} of ${count} connections were answered while all were held${ok ? "" : `; then ${why}`}.`;
    const reproduce = ["seq", String(count), "|", "xargs", "-P", String(count), "-I{}", "curl", at];
    return [{ ok, seen, reproduce: ["sh", "-c", reproduce.join(" ")] }];
  },
};

/** File systems whose content ends with the container, or with the machine. */
const passing = /^(overlay|fuse\.fuse-overlayfs|aufs|tmpfs|ramfs)$/;

async function mountSeen(context: StackContext, pid: number, part: string): Promise<StackSeen> {
  const { procRoot } = context.stack;
  const folder = part.replace(/(?<=.)\/+$/, "");
  const reproduce = ["grep", "-F", folder, `${procRoot}/${pid}/mountinfo`];
  const code = await stat(join(procRoot, String(pid), "root", folder)).then(() => "", codeOf);
  if (code === "ENOENT") {
    return { ok: false, seen: `${part} is not there.`, part, reproduce };
  }
  if (code !== "") throw new NothingThere(`${part} of process ${pid} cannot be seen (${code}).`);
  const mount = await mountUnder(procRoot, pid, folder);
  const isPassing = passing.test(mount.fileSystem);
  const how = isPassing ? ", which ends with it" : mount.isReadOnly ? ", read-only" : "";
  const seen = `${part} lies on ${mount.fileSystem} mounted at ${mount.folder}${how}.`;
  return { ok: !isPassing && !mount.isReadOnly, seen, part, reproduce };
}

const mounts: PartProbe = {
  check: "mounts",
  summary: "declared volumes outlive it",
  needs: [],
  checklist: ["R1-11"],
  severity: "high",
  claim: ({ kind, volumes }) =>
    volumes.length === 0 || kind === "container"
      ? null
      : {
          statement:
            "each declared volume is there, can be written, and lies on storage that outlives the service",
          category: "Containerization",
          rationale: "A folder that is no volume is empty after the next deployment.",
          parts: [...new Set(volumes)],
        },
  saboteur: [{ when: "mountinfo", reply: "overlay" }],
  async run(context) {
    const [pid] = await holders(context);
    if (pid === undefined) throw new WireFault("protocol", "nobody holds the port");
    const all: StackSeen[] = [];
    for (const part of new Set(context.service.volumes)) {
      all.push(await mountSeen(context, pid, part));
    }
    return all;
  },
};

/** Checks of the parts of a manifest that are of no kind: listeners, limits, volumes. */
export const partProbes: readonly PartProbe[] = [listeners, memory, connections, mounts];
