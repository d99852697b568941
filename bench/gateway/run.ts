/**
 * CPU per request of the gateway against the bare relay: one upstream, both in processes of their
 * own, rounds interleaved and the order turned each time. Prints JSON with relay / gateway as the
 * ratio (higher is better) and the gateway's memory without an in-process model.
 */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import type { Ready, Sample } from "./child.ts";

const rounds = Number(process.argv[2] ?? 5);
const requestsPerRound = Number(process.argv[3] ?? 20_000);
const warmRequests = 60_000;
const connections = 64;
const prompt = "y".repeat(900);
const body = JSON.stringify({ model: "bench", messages: [{ role: "user", content: prompt }] });

interface Subject extends Ready {
  readonly child: ChildProcess;
}

function message<T extends object>(child: ChildProcess, field: keyof T): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error("a child ended early"));
    child.once("exit", onExit);
    child.once("message", (value: unknown) => {
      child.off("exit", onExit);
      if (typeof value === "object" && value !== null && field in value) resolve(value as T);
      else reject(new Error("a child said something else"));
    });
  });
}

/** Keeps every thread of a process on one core: what is measured stands alone on its own. */
function pin(pid: number, core: number): void {
  execFileSync("taskset", ["-a", "-c", "-p", String(core), String(pid)], { stdio: "ignore" });
}

async function start(name: string, core: number, argument = ""): Promise<Subject> {
  const child = fork(fileURLToPath(new URL(name, import.meta.url)), [argument]);
  if (child.pid !== undefined) pin(child.pid, core);
  return { child, ...(await message<Ready>(child, "port")) };
}

async function sample(subject: Subject): Promise<Sample> {
  const answer = message<Sample>(subject.child, "cpuMicros");
  subject.child.send("sample");
  return answer;
}

/** Sends `count` requests over keep-alive connections, one at a time on each. */
function drive(subject: Subject, count: number): Promise<void> {
  const request = Buffer.from(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${subject.key}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  let sent = 0;
  const lane = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(subject.port, "127.0.0.1");
      let expected = -1;
      let received = 0;
      const next = (): void => {
        if (sent >= count) {
          socket.destroy();
          resolve();
          return;
        }
        sent++;
        received = 0;
        expected = -1;
        socket.write(request);
      };
      socket.setNoDelay(true);
      socket.on("error", reject);
      socket.on("connect", next);
      socket.on("data", (chunk) => {
        if (expected < 0) {
          const head = chunk.toString("latin1", 0, 1024);
          if (!head.startsWith("HTTP/1.1 200")) return reject(new Error(head.slice(0, 400)));
          const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
          expected = head.indexOf("\r\n\r\n") + 4 + length;
        }
        received += chunk.length;
        if (received >= expected) next();
      });
    });
  return Promise.all(Array.from({ length: connections }, lane)).then(() => undefined);
}

async function microsPerRequest(subject: Subject): Promise<number> {
  const before = await sample(subject);
  await drive(subject, requestsPerRound);
  const after = await sample(subject);
  return (after.cpuMicros - before.cpuMicros) / requestsPerRound;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

pin(process.pid, 0);
const upstream = await start("upstream.ts", 0);
const base = `http://127.0.0.1:${upstream.port}`;
const relay = await start("relay.ts", 1, base);
const gateway = await start("gateway.ts", 1, base);
for (const subject of [relay, gateway]) await drive(subject, warmRequests);
const micros = { relay: [] as number[], gateway: [] as number[] };
for (let round = 0; round < rounds; round++) {
  for (const name of round % 2 === 0
    ? (["relay", "gateway"] as const)
    : (["gateway", "relay"] as const))
    micros[name].push(await microsPerRequest(name === "relay" ? relay : gateway));
}
const { rssBytes } = await sample(gateway);
const round1 = (value: number): number => Math.round(value * 10) / 10;
const result = {
  bench: "gateway-cpu",
  relayMicrosPerRequest: round1(median(micros.relay)),
  gatewayMicrosPerRequest: round1(median(micros.gateway)),
  ratioRelayOverGateway: Math.round((median(micros.relay) / median(micros.gateway)) * 1000) / 1000,
  ratioMin: 0.85,
  rssMegabytes: round1(rssBytes / 1e6),
  rssMegabytesMax: 120,
  rounds,
  requestsPerRound,
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
for (const { child } of [gateway, relay, upstream]) child.disconnect();
