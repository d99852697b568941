import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { createServer as createTcp, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "@loadline/kit/clock";
import { isRecord } from "@loadline/kit/json";
import { endChild, eventually, freePort, serveOnLoopback, spawnHeld } from "@loadline/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { compileSlos } from "../../packages/contract/src/index.ts";
import { gatewaySloSeries } from "../../packages/gateway/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { readSloText, sloFiles } from "../../packages/validator/src/index.ts";

const parts = await requireParts(["prometheus", "prometheus-alertmanager"], { rows: ["R2-46"] });
const clock = systemClock();
const example = fileURLToPath(new URL("../../examples/slo/slo_definitions.yaml", import.meta.url));
/** The levels' 5, 15 and 30 minutes, as seconds. */
const secondsOf: Readonly<Record<string, string>> = { "5m": "3s", "15m": "6s", "30m": "9s" };
/** Prometheus finds its Alertmanager some seconds after its start; what it tells before is lost. */
const knownAfter = "8s";
const page = 'LoadlineSloBurn level="-"';
const level = (n: number): string => `LoadlineSloEscalation level="${n}"`;

/** What came to a sink, in words, in the order it came. */
interface Heard {
  readonly sink: "chat" | "pager" | "mail";
  readonly text: string;
}

/** Chat and pager by HTTP, each under a path of its own. */
async function startHooks(heard: Heard[]) {
  const server = createHttp((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      heard.push({ sink: request.url === "/chat" ? "chat" : "pager", text });
      response.writeHead(request.url === "/chat" ? 200 : 202).end("{}");
    });
  });
  return await serveOnLoopback(server);
}

/** As much of SMTP as a client needs that is told of no extension. */
async function startMail(heard: Heard[]) {
  const serve = (socket: Socket): void => {
    let text = "";
    let isBody = false;
    socket.setEncoding("utf8");
    socket.on("error", () => socket.destroy());
    socket.write("220 sink\r\n");
    socket.on("data", (piece: string) => {
      text += piece;
      if (isBody && text.includes("\r\n.\r\n")) {
        heard.push({ sink: "mail", text });
        isBody = false;
        text = "";
        return void socket.write("250 kept\r\n");
      }
      while (!isBody && text.includes("\r\n")) {
        const [line = ""] = text.split("\r\n", 1);
        text = text.slice(line.length + 2);
        isBody = line.toUpperCase() === "DATA";
        socket.write(isBody ? "354 go on\r\n" : "250 sink\r\n");
      }
    });
  };
  return await serveOnLoopback(createTcp(serve));
}

describe.skipIf(parts.missing)("a page that lasts, by Prometheus and Alertmanager", () => {
  const heard: Heard[] = [];
  const started: ChildProcess[] = [];
  const stack = new AsyncDisposableStack();
  let folder = "";

  const start = (part: string, args: readonly string[]): void =>
    void started.push(spawnHeld(parts.found(part).path, args, { stdio: "ignore" }));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ll-escalation-"));
    const hooks = stack.use(await startHooks(heard));
    const mail = stack.use(await startMail(heard));
    // The operators' file with the sinks' addresses in the place of theirs.
    const text = readFileSync(example, "utf8")
      .replace("/etc/alertmanager/chat-url", join(folder, "chat-url"))
      .replace("/etc/alertmanager/pager-key", join(folder, "pager-key"))
      .replace("mail.example.org:587", `127.0.0.1:${mail.port}`);
    write("chat-url", `${hooks.url}/chat`);
    write("pager-key", "key-of-nobody");
    const read = readSloText(text, { service: "gateway", series: gatewaySloSeries });
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const slos = read.document.slos.map((slo) => ({ ...slo, runbook: "https://example.org" }));
    const made = compileSlos({ ...read.document, slos });
    if (!made.ok) throw new Error(JSON.stringify(made.problems));
    const files = sloFiles(made.outputs, read.document.intervals);
    const fileOf = (path: string): unknown =>
      parse(files.find((one) => one.path === path)?.text ?? "");
    write("rules.yml", stringify(lasting(fileOf("rules/availability.yml"))));
    const routes = fileOf("alertmanager.yml");
    if (!isRecord(routes) || !isRecord(routes["route"])) throw new Error("no routes");
    const global = { pagerduty_url: `${hooks.url}/pager`, smtp_require_tls: false };
    const route = { ...routes["route"], group_wait: "100ms", group_interval: "1s" };
    write("am.yml", stringify({ ...routes, global, route }));
    const ports = { prometheus: await freePort(), alertmanager: await freePort() };
    write(
      "p.yml",
      stringify({
        global: { evaluation_interval: "1s" },
        rule_files: ["rules.yml"],
        alerting: {
          alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${ports.alertmanager}`] }] }],
        },
      }),
    );
    start("prometheus-alertmanager", [
      `--config.file=${join(folder, "am.yml")}`,
      `--storage.path=${join(folder, "am")}`,
      `--web.listen-address=127.0.0.1:${ports.alertmanager}`,
      "--cluster.listen-address=",
    ]);
    const ready = `http://127.0.0.1:${ports.alertmanager}/-/ready`;
    const isReady = (): Promise<boolean> =>
      fetch(ready).then(
        ({ ok }) => ok,
        () => false,
      );
    await eventually(clock, isReady, 60_000);
    start("prometheus", [
      `--config.file=${join(folder, "p.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${ports.prometheus}`,
      "--rules.alert.resend-delay=1s",
    ]);
  }, 120_000);
  afterAll(async () => {
    for (const child of started) await endChild(child);
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  /** `alertname level` of what a sink heard. */
  const named = ({ text }: Heard): string => {
    const name = /LoadlineSlo(?:Burn|Escalation)/.exec(text)?.[0] ?? "none";
    return `${name} level="${/: level (\d)\./.exec(text)?.[1] ?? "-"}"`;
  };

  it("calls the pager at once, then chat, pager and mail as levels 1, 2 and 3, each sink its own and in that order; minutes pass as seconds [R2-46]", async () => {
    await eventually(clock, () => heard.some(({ sink }) => sink === "mail"), 120_000);
    const said = heard.map((one) => `${one.sink}: ${named(one)}`);
    const first = [...new Set(said)];
    expect(first).toEqual([
      `pager: ${page}`,
      `chat: ${level(1)}`,
      `pager: ${level(2)}`,
      `mail: ${level(3)}`,
    ]);
    const pager = heard.find(({ sink }) => sink === "pager")?.text ?? "";
    expect(JSON.parse(pager)).toMatchObject({
      routing_key: "key-of-nobody",
      event_action: "trigger",
    });
    expect(heard.find(({ sink }) => sink === "mail")?.text).toContain("To: oncall@example.org");
  }, 150_000);
});

/** The alerts of an objective over a page that begins and lasts; their minutes as seconds. */
function lasting(file: unknown): object {
  const groups = isRecord(file) && Array.isArray(file["groups"]) ? file["groups"] : [];
  const rules = groups
    .filter(isRecord)
    .flatMap(({ rules: own }) => (Array.isArray(own) ? own : []));
  const of = (name: string) => rules.filter(isRecord).filter(({ alert }) => alert === name);
  const labels = { sloth_id: "availability", sloth_service: "gateway", sloth_slo: "availability" };
  const expr = Object.entries(labels).reduce(
    (inner, [name, value]) => `label_replace(${inner}, "${name}", "${value}", "", "")`,
    "vector(1)",
  );
  const [burn] = of("LoadlineSloBurn");
  const levels = of("LoadlineSloEscalation").map((rule) => ({
    ...rule,
    for: secondsOf[String(rule["for"])],
  }));
  expect(levels.map(({ for: after }) => after)).toEqual(Object.values(secondsOf));
  return { groups: [{ name: "page", rules: [{ ...burn, expr, for: knownAfter }, ...levels] }] };
}
