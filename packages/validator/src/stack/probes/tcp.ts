import type { StackContext, StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { openStream, streamTarget } from "../wire/byte-stream.ts";
import { WireFault } from "../wire/fault.ts";
import { outOfTime } from "./out-of-time.ts";

type TcpProbe = StackProbe<ServiceOf<"tcp">>;
type TcpContext = StackContext<ServiceOf<"tcp">>;
type Exchange = ServiceOf<"tcp">["exchanges"][string];

const answerBytesMax = 65_536;

const open = ({ service, signal }: TcpContext) => openStream(streamTarget(service.url, 0), signal);

function nc(context: TcpContext): string[] {
  const { host, port } = streamTarget(context.service.url, 0);
  return ["nc", "-zv", "-w", "5", host, String(port)];
}

const connects: TcpProbe = {
  kind: "tcp",
  check: "connects",
  summary: "it takes a connection",
  needs: [],
  checklist: ["R1-37"],
  severity: "critical",
  claim: ({ url }) => ({
    statement: `${new URL(url).host} takes a connection`,
    category: "Operational Readiness",
    rationale: "Where nobody listens nothing is served; that somebody listens says no more.",
  }),
  saboteur: [{ when: "connect", reply: "refused" }],
  async run(context) {
    using _stream = await open(context);
    const seen = `${new URL(context.service.url).host} took a connection.`;
    return [{ ok: true, seen, reproduce: nc(context) }];
  },
};

/** Reads until the text came; false when the connection ends, or 64 KiB passed, without it. */
async function isAnswered(context: TcpContext, { send, contains }: Exchange): Promise<boolean> {
  using stream = await open(context);
  if (send !== undefined) stream.write(send);
  const wanted = Buffer.from(contains);
  let last = Buffer.alloc(0);
  try {
    for (let bytes = 0; bytes < answerBytesMax; bytes++) {
      last = Buffer.concat([last, await stream.read(1)]).subarray(-wanted.length);
      if (last.equals(wanted)) return true;
    }
  } catch (error) {
    if (!(error instanceof WireFault) || error.code !== "closed") throw error;
  }
  return false;
}

const exchanges: TcpProbe = {
  kind: "tcp",
  check: "exchanges",
  summary: "declared words and their answers",
  needs: ["connects"],
  checklist: ["R1-37"],
  severity: "high",
  claim(service) {
    const parts = Object.keys(service.exchanges);
    if (parts.length === 0) return null;
    return {
      statement: `each of ${parts.join(", ")} is answered as declared`,
      category: "Testing & Quality",
      rationale: "An open port is not a service that answers.",
      parts,
    };
  },
  saboteur: [{ when: "PING", reply: "-LOADING" }],
  async run(context) {
    const all: StackSeen[] = [];
    for (const [part, exchange] of Object.entries(context.service.exchanges)) {
      const what = JSON.stringify(exchange.contains);
      const reproduce = exchange.send === undefined ? nc(context) : context.again;
      if (context.signal.aborted) {
        all.push(outOfTime(part, reproduce));
        continue;
      }
      try {
        const ok = await isAnswered(context, exchange);
        const seen = `${part}: ${ok ? "answered with" : "answered without"} ${what}.`;
        all.push({ part, ok, seen, reproduce });
      } catch (error) {
        if (!(error instanceof WireFault)) throw error;
        all.push({ part, ok: false, seen: `${part}: ${error.message}.`, reproduce });
      }
    }
    return all;
  },
};

/** Checks of a port, in the order they run. */
export const tcpProbes: readonly StackProbe[] = [connects, exchanges];
