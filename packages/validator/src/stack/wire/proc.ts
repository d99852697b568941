import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "@loadline/kit/errors";
import { WireFault } from "./fault.ts";

/** Linux counts a process's time in these, whatever the machine. */
const ticksPerSecond = 100;

/** What a process took so far. */
export interface ProcSample {
  readonly rssBytes: number;
  readonly peakBytes: number;
  /** CPU time since its start, seconds. */
  readonly cpuSeconds: number;
  readonly threads: number;
  /** null where this user may not list them. */
  readonly openFiles: number | null;
}

/** A file as text; `missing` in place of one that is not there, else that is a fault too. */
async function text(path: string, missing?: string): Promise<string> {
  return await readFile(path, "utf8").catch((cause: unknown) => {
    const why = codeOf(cause);
    if (why === "ENOENT" && missing !== undefined) return missing;
    throw new WireFault("protocol", `${path} cannot be read (${why})`);
  });
}

/** Reads one sample of a process. @throws WireFault when there is none, or it ended. */
export async function sampleProcess(root: string, pid: number): Promise<ProcSample> {
  const folder = join(root, String(pid));
  const status = await text(join(folder, "status"));
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? Number.NaN);
  const stat = await text(join(folder, "stat"));
  // Its name stands in brackets and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  const files = await readdir(join(folder, "fd")).catch(() => null);
  const rssBytes = field("VmRSS") * 1_024;
  // One that ended and waits for its parent, or is the kernel's own, has no memory to tell of.
  const lacks = Number.isNaN(rssBytes) ? "memory" : Number.isNaN(ticks) ? "time" : null;
  if (lacks !== null) throw new WireFault("protocol", `process ${pid} tells of no ${lacks}`);
  return {
    rssBytes,
    peakBytes: field("VmHWM") * 1_024,
    cpuSeconds: ticks / ticksPerSecond,
    threads: field("Threads"),
    openFiles: files === null ? null : files.length,
  };
}

/** A socket that waits for connections. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  /** Reached from this machine alone. */
  readonly isLoopback: boolean;
}

const listening = "0A";
const connected = "01";

/** The kernel writes addresses as words of the machine's order, here little-endian. */
function bytesOf(hex: string): number[] {
  const words = hex.match(/.{8}/g) ?? [];
  return words.flatMap((word) =>
    (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).toReversed(),
  );
}

/** The one spelling of an address of IPv6 in brackets; every other host as it is. */
export function spelledAddress(host: string): string {
  return host.startsWith("[") ? (URL.parse(`http://${host}`)?.hostname ?? host) : host;
}

function addressOf(hex: string): { address: string; isLoopback: boolean } {
  const bytes = bytesOf(hex);
  if (bytes.length === 4) return { address: bytes.join("."), isLoopback: bytes[0] === 127 };
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255;
  if (isMapped) return { address: bytes.slice(12).join("."), isLoopback: bytes[12] === 127 };
  const isZero = bytes.slice(0, 15).every((byte) => byte === 0);
  if (isZero && bytes[15] === 0) return { address: "[::]", isLoopback: false };
  if (isZero && bytes[15] === 1) return { address: "[::1]", isLoopback: true };
  const groups = (Buffer.from(bytes).toString("hex").match(/.{4}/g) ?? []).join(":");
  return { address: spelledAddress(`[${groups}]`), isLoopback: false };
}

/** A connection of TCP as one of its ends has it. */
export interface Connection {
  /** Where it leads. */
  readonly address: string;
  readonly port: number;
  /** Number by which a process holds it. */
  readonly inode: string;
}

interface SocketRow extends Listener {
  readonly inode: string;
  readonly state: string;
  readonly to: Pick<Connection, "address" | "port">;
}

const placeOf = (field = "") => {
  const [hex = "", port = ""] = field.split(":");
  return { ...addressOf(hex), port: Number.parseInt(port, 16) };
};

async function socketRows(root: string): Promise<SocketRow[]> {
  const first = await text(join(root, "net/tcp"));
  // A kernel without IPv6 has no such table.
  const second = await text(join(root, "net/tcp6"), "");
  const rows = `${first}\n${second}`.split("\n").map((line) => line.trim().split(/\s+/));
  return rows.flatMap(([, local, remote, state = "", ...rest]) => {
    if (!/^[0-9A-F]{2}$/.test(state)) return [];
    const { address, port } = placeOf(remote);
    return [{ ...placeOf(local), state, inode: rest[5] ?? "", to: { address, port } }];
  });
}

/** Every open connection of the network namespace, both ends of those within it. */
export async function connectionsOf(root: string): Promise<Connection[]> {
  const rows = await socketRows(root);
  return rows.flatMap(({ state, inode, to }) => (state === connected ? [{ ...to, inode }] : []));
}

/** Every TCP listener of the network namespace; of IPv6 where the machine has it. */
export async function listenersOf(root: string): Promise<Listener[]> {
  const rows = (await socketRows(root)).filter(({ state }) => state === listening);
  return rows.map(({ address, port, isLoopback }) => ({ address, port, isLoopback }));
}

/** Processes that are looked through. */
const processesMax = 20_000;

async function pidsIn(root: string): Promise<string[]> {
  return (await readdir(root)).filter((name) => /^\d+$/.test(name)).slice(0, processesMax);
}

/** The parent of each process of a procfs; 0 where nobody may read it. */
export async function parentsIn(root: string): Promise<ReadonlyMap<number, number>> {
  const parents = new Map<number, number>();
  for (const name of await pidsIn(root)) {
    const status = await readFile(join(root, name, "status"), "utf8").catch(() => "");
    parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0));
  }
  return parents;
}

async function holds(folder: string, wanted: ReadonlySet<string>): Promise<boolean> {
  // Whose files nobody may list holds nothing that can be told of.
  const files = await readdir(join(folder, "fd")).catch(() => []);
  for (const file of files) {
    const to = await readlink(join(folder, "fd", file)).catch(() => "");
    if (wanted.has(to)) return true;
  }
  return false;
}

/** Processes that hold a listener of the port, as far as they may be looked into. */
export async function holdersOf(root: string, port: number): Promise<number[]> {
  const all = await socketRows(root);
  const rows = all.filter((row) => row.state === listening && row.port === port);
  const wanted = new Set(rows.map(({ inode }) => `socket:[${inode}]`));
  if (wanted.size === 0) return [];
  const found: number[] = [];
  for (const pid of await pidsIn(root)) {
    if (await holds(join(root, pid), wanted)) found.push(Number(pid));
  }
  return found;
}

/** The name a process goes by, 15 characters of it at most; empty where nobody may read it. */
export async function nameOf(root: string, pid: number): Promise<string> {
  const status = await readFile(join(root, String(pid), "status"), "utf8").catch(() => "");
  return /^Name:\s+(.+)$/m.exec(status)?.[1] ?? "";
}

/** Programs that hold a container's port on this machine and hand on to it. */
const carriers =
  /^(docker-proxy|rootlessport|rootlesskit|slirp4netns|pasta|pasta\.avx2|gvproxy|conmon|com\.docker\.backe)$/;

/** Whether a process of that name holds a port for a container, which is another process. */
export const isCarrier = (name: string): boolean => carriers.test(name);

/** These processes and all that descend from them. */
export async function withChildren(root: string, pids: readonly number[]): Promise<number[]> {
  const children = new Map<number, number[]>();
  for (const [pid, parent] of await parentsIn(root)) {
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const all = new Set(pids);
  for (const pid of all) for (const child of children.get(pid) ?? []) all.add(child);
  return [...all];
}

/**
 * Memory of processes together, bytes: what each has for itself, and the largest part they share
 * counted once. A process that ended meanwhile counts nothing.
 */
export async function memoryOf(root: string, pids: readonly number[]): Promise<number> {
  let own = 0;
  let shared = 0;
  for (const pid of pids) {
    const status = await readFile(join(root, String(pid), "status"), "utf8").catch(() => "");
    const field = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0) * 1_024;
    const isSplit = status.includes("RssAnon:");
    own += isSplit ? field("RssAnon") : field("VmRSS");
    if (isSplit) shared = Math.max(shared, field("RssFile") + field("RssShmem"));
  }
  return own + shared;
}

/** A mount as a process sees it. */
export interface MountRow {
  readonly folder: string;
  readonly fileSystem: string;
  readonly isReadOnly: boolean;
}

/** The mount a folder lies on, as the process sees it. @throws WireFault */
export async function mountUnder(root: string, pid: number, folder: string): Promise<MountRow> {
  const rows = (await text(join(root, String(pid), "mountinfo"))).split("\n");
  let best: MountRow = { folder: "", fileSystem: "unknown", isReadOnly: false };
  for (const row of rows) {
    const [head = "", tail = ""] = row.split(" - ");
    const fields = head.split(" ");
    const at = (fields[4] ?? "").replaceAll("\\040", " ");
    const isAbove = at === "/" || folder === at || folder.startsWith(`${at}/`);
    // Of two mounts on one folder the later one is seen.
    if (at === "" || !isAbove || at.length < best.folder.length) continue;
    const [fileSystem = "unknown", , own = ""] = tail.split(" ");
    // Of the mount, and of the file system itself, which the kernel stops to write when it fails.
    const isReadOnly = [fields[5] ?? "", own].some((words) => words.split(",").includes("ro"));
    best = { folder: at, fileSystem, isReadOnly };
  }
  return best;
}
