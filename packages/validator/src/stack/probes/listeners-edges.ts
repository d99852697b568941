import type { StackContext, StackProbe } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { NothingThere } from "../wire/fault.ts";
import { isOwnHost } from "../wire/own-addresses.ts";
import { connectionsOf, holdersOf, isCarrier, nameOf } from "../wire/proc.ts";
import { socketOwners } from "../wire/socket-owners.ts";

type Context = StackContext<ServiceOf<"listeners">>;

const looks = 5;
const lookMs = 200;
const shownMax = 20;

/** Services of one port, such as two buckets of one store. */
type Names = readonly string[];

interface Machine {
  /** Services of this machine by their port. */
  readonly byPort: ReadonlyMap<number, Names>;
  /** Whose a process is; null for the prober's own. */
  readonly byPid: ReadonlyMap<number, Names | null>;
  /** Services nobody may look into, or of another machine. */
  readonly untold: Names;
}

async function machineOf(context: Context): Promise<Machine> {
  const { procRoot } = context.service;
  const byPort = new Map<number, string[]>();
  const byPid = new Map<number, Names | null>([[process.pid, null]]);
  const untold: string[] = [];
  for (const [name, { url }] of Object.entries(context.stack.services)) {
    const { hostname = "", port = "" } = URL.parse(url) ?? {};
    if (hostname === "") continue;
    if (port === "" || !(await isOwnHost(procRoot, hostname))) untold.push(name);
    else byPort.set(Number(port), [...(byPort.get(Number(port)) ?? []), name]);
  }
  for (const [port, names] of byPort) {
    const pids = (await holdersOf(procRoot, port)).filter((pid) => pid !== process.pid);
    const isCarried = await Promise.all(pids.map((pid) => nameOf(procRoot, pid).then(isCarrier)));
    if (pids.length === 0 || isCarried.includes(true)) untold.push(...names);
    for (const pid of pids) byPid.set(pid, names);
  }
  return { byPort, byPid, untold };
}

const pairText = (from: Names, to: Names): string => `${from.join("/")} -> ${to.join("/")}`;

/** Connections between services, as they are just now. */
async function crossing(context: Context, { byPort, byPid }: Machine): Promise<[Names, Names][]> {
  const { procRoot } = context.service;
  const owners = await socketOwners(procRoot, byPid);
  const found: [Names, Names][] = [];
  for (const { address, port, inode } of await connectionsOf(procRoot)) {
    const [from, to] = [owners.get(inode), byPort.get(port)];
    if (!from || to === undefined || from === to) continue;
    if (await isOwnHost(procRoot, address)) found.push([from, to]);
  }
  return found;
}

/** What services of this machine reach of one another, and what of it nobody declared. */
export const undeclared: StackProbe<ServiceOf<"listeners">> = {
  kind: "listeners",
  check: "edges",
  summary: "no service uses another without a declared edge",
  needs: [],
  checklist: ["R1-20"],
  severity: "high",
  claim: ({ edges }) =>
    edges === "declared"
      ? {
          statement: `no service of this stack is connected to another but by a declared edge, looked at ${looks} times`,
          category: "Architecture & Design",
          rationale: "What nobody declared is in no plan, no policy and no drill.",
        }
      : null,
  saboteur: [{ when: "connection", reply: "api spare" }],
  async run(context) {
    const machine = await machineOf(context);
    const { edges } = context.stack;
    const isDeclared = (from: Names, to: Names): boolean =>
      edges.some((edge) => from.includes(edge.from) && to.includes(edge.to));
    const used = new Set<string>();
    const foreign = new Set<string>();
    for (let look = 1; look <= looks; look++) {
      for (const [from, to] of await crossing(context, machine)) {
        (isDeclared(from, to) ? used : foreign).add(pairText(from, to));
      }
      if (look < looks) await context.clock.sleep(lookMs, context.signal);
    }
    // On one machine whoever listens is reached by all the others.
    const groups = [...new Set(machine.byPid.values())].filter((names) => names !== null);
    const reachable = groups.flatMap((from) =>
      groups.flatMap((to) => (from === to || isDeclared(from, to) ? [] : [pairText(from, to)])),
    );
    context.note({ service: context.name, used: [...used], reachable: reachable.slice(0, 200) });
    const named = foreign.size === 0 ? "" : `: ${[...foreign].slice(0, shownMax).join(", ")}`;
    const seen = `${groups.length} services, ${used.size} declared edges in use, ${foreign.size} that nobody declared${named}; ${reachable.length} more pairs reach each other.`;
    if (foreign.size === 0 && (machine.untold.length > 0 || groups.length < 2)) {
      const who = machine.untold.length > 0 ? machine.untold.join(", ") : "fewer than two services";
      throw new NothingThere(`Nobody may look into ${who} on this machine. ${seen}`);
    }
    return [{ ok: foreign.size === 0, seen, reproduce: ["ss", "-tnp"] }];
  },
};
