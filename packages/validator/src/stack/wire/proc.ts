import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
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
  readonly openFiles: number;
}

async function text(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((cause: unknown) => {
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new WireFault("protocol", `${path} cannot be read (${why})`);
  });
}

/** Reads one sample of a process. @throws WireFault when there is no such process. */
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
  return {
    rssBytes: field("VmRSS") * 1_024,
    peakBytes: field("VmHWM") * 1_024,
    cpuSeconds: ticks / ticksPerSecond,
    threads: field("Threads"),
    openFiles: files === null ? Number.NaN : files.length,
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

/** The kernel writes addresses as words of the machine's order, here little-endian. */
function bytesOf(hex: string): number[] {
  const words = hex.match(/.{8}/g) ?? [];
  return words.flatMap((word) =>
    (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).toReversed(),
  );
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
  return { address: `[${groups}]`, isLoopback: false };
}

/** Every TCP listener of the network namespace; of IPv6 where the machine has it. */
export async function listenersOf(root: string): Promise<Listener[]> {
  const first = await text(join(root, "net/tcp"));
  const second = await readFile(join(root, "net/tcp6"), "utf8").catch(() => "");
  const rows = `${first}\n${second}`.split("\n").map((line) => line.trim().split(/\s+/));
  return rows.flatMap(([, local = "", , state]) => {
    const [hex = "", port = ""] = local.split(":");
    if (state !== listening) return [];
    return [{ ...addressOf(hex), port: Number.parseInt(port, 16) }];
  });
}
