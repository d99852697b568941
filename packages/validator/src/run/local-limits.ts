import { readFileSync } from "node:fs";
import { connectionsMaxDefault, loadErrors, type LoadPlan, type Scenario } from "../load/index.ts";

/** What this machine lets one process open; null where it does not say. */
export interface LocalLimits {
  readonly descriptors: number | null;
  /** Ports that outgoing connections to one address may have. */
  readonly ports: number | null;
}

/** Files of the program itself, the pacers and the evidence. */
const reserved = 64;

/** Reads the limits of Linux; `read` gives a file's text, or null when there is none. */
export function localLimits(read: (path: string) => string | null = readOrNull): LocalLimits {
  const files = /^Max open files\s+(\d+)/m.exec(read("/proc/self/limits") ?? "");
  const range = /^(\d+)\s+(\d+)/.exec(read("/proc/sys/net/ipv4/ip_local_port_range") ?? "");
  return {
    descriptors: files === null ? null : Number(files[1]),
    ports: range === null ? null : Number(range[2]) - Number(range[1]) + 1,
  };
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Another system, or a container without it: nothing is known, and the local guard watches.
    return null;
  }
}

/** Sockets a scenario holds at once for sure: its users, or the members of its rooms. */
function socketsOf(scenario: Scenario): number {
  const { exec } = scenario;
  const members = exec?.kind === "rooms" ? (exec.options.members ?? 0) : 0;
  return Math.max(members, usersOf(scenario));
}

function usersOf(scenario: Scenario): number {
  switch (scenario.executor) {
    case "constant-vus":
    case "shared-iterations":
    case "per-vu-iterations":
      return scenario.vus;
    case "ramping-vus":
      return Math.max(scenario.startVus ?? 0, ...scenario.stages.map(({ target }) => target));
    case "ladder":
      return Math.max(...scenario.users);
    default:
      return 0;
  }
}

/** Sockets the plan needs in one process. */
export function socketsNeeded(load: LoadPlan): number {
  const all = Object.values(load.scenarios);
  const rooms = all.filter(({ exec }) => exec?.kind === "rooms");
  // Requests of the others share connections, of which there are no more than this.
  const workers = typeof load.workers === "number" ? load.workers : 1;
  const shared = all
    .filter((one) => !rooms.includes(one))
    .reduce((sum, s) => sum + socketsOf(s), 0);
  const own = rooms.reduce((sum, scenario) => sum + socketsOf(scenario), 0);
  const cap = (load.connectionsMax ?? connectionsMaxDefault) * workers;
  return Math.ceil((Math.min(shared, cap) + own) / (load.processes ?? 1));
}

/** Refuses a plan this machine cannot hold. @throws LL_LOAD_FD_LIMIT, LL_LOAD_PORTS */
export function checkLocalLimits(load: LoadPlan, limits = localLimits()): void {
  const sockets = socketsNeeded(load);
  const descriptors = sockets + reserved;
  if (limits.descriptors !== null && descriptors > limits.descriptors) {
    const text = `The plan needs ${descriptors} descriptors, ${limits.descriptors} are there.`;
    throw loadErrors.make("LL_LOAD_FD_LIMIT", text);
  }
  const ports = sockets * (load.processes ?? 1);
  if (limits.ports !== null && ports > limits.ports) {
    const text = `The plan needs ${ports} ports to one address, ${limits.ports} are there.`;
    throw loadErrors.make("LL_LOAD_PORTS", text);
  }
}
