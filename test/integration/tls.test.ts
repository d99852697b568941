import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { operator } from "../../packages/gateway/src/index.ts";
import { completion, endJson, sampleIn } from "../../packages/gateway/test/answers.ts";
import { overUpstreams, runGateway, runUpstream } from "../../packages/gateway/test/harness.ts";
import { TlsFolder } from "../../packages/gateway/test/tls.ts";
import { eventually } from "../../packages/testkit/src/index.ts";
import { runCli } from "./cli-process.ts";
import { quietest } from "./machine.ts";
import { type Answered, Asker } from "./tls/asker.ts";
import { Serving } from "./workers/serving.ts";

const clock = systemClock();
const testMs = 240_000;
const fronts = ["http1", "node"] as const;
const renewMsMax = 5000;

const within = (holds: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> =>
  eventually(clock, holds, ms);

const isWhole = (one: Answered): boolean => one.status === 200 && !one.isBroken;

/** The section as a line of a configuration file, which takes JSON too. */
const tlsLine = (folder: TlsFolder, more: Record<string, unknown> = {}): string =>
  `tls: ${JSON.stringify(folder.section(more))}\n`;

const fileOf = (tls: string, front = "http1"): string => `targets:
  quick: {provider: simulator, tokens: 3, latency: 0, tokensPerSecond: 1e6}
routes:
  quick: {models: [quick], groups: [{targets: [quick]}]}
http: {front: ${front}}
${tls}`;

describe.each(fronts)("model requests over TLS, front %s", (front) => {
  it(
    "chat, stream and large bodies share one connection, also after it changed its front",
    async () => {
      using folder = new TlsFolder();
      await using upstream = await runUpstream((response, body) => {
        endJson(response, 200, completion(String(body.length)));
      });
      const section = { tls: folder.section(), http: { front } };
      await using gateway = await runGateway({
        ...section,
        targets: {
          s: { provider: "simulator", tokens: 3, latency: 0, tokensPerSecond: 1e6 },
          u: { provider: "openai-compatible", model: "big", baseUrl: upstream.baseUrl },
        },
        routes: {
          sim: { models: ["sim"], groups: [{ targets: ["s"] }] },
          up: { models: ["up"], groups: [{ targets: ["u"] }] },
        },
      });
      const { url, key } = gateway;
      using asker = new Asker({ url, key, ca: folder.servers.cert, isKept: true });
      const answers: Answered[] = [];
      const round = async (): Promise<void> => {
        for (let i = 0; i < 20; i++) {
          answers.push(await asker.chat("sim", { stream: i % 4 === 3 }));
          answers.push(await asker.chat("up", { chars: i * 15_000 }));
        }
      };
      await round();
      answers.push(await asker.ask("/health"));
      await round();
      expect(answers.filter(isWhole)).toHaveLength(81);
      const streams = answers.filter((one) => one.text.startsWith("data:"));
      expect(streams).toHaveLength(10);
      expect(streams.every((one) => one.text.trimEnd().endsWith("data: [DONE]"))).toBe(true);
      expect(new Set(answers.map((one) => one.port)).size).toBe(1);
      expect(upstream.bodies.every((body) => /^\{.*\}$/s.test(body))).toBe(true);
      expect(upstream.bodies.map((body) => body.length).at(-1)).toBeGreaterThan(285_000);
    },
    testMs,
  );

  it(
    "a client that leaves mid-stream ends the call to the upstream",
    async () => {
      using folder = new TlsFolder();
      let open = 0;
      await using upstream = await runUpstream((response) => {
        open++;
        response.on("close", () => void open--);
        response.writeHead(200, { "content-type": "text/event-stream" });
        const chunk = { choices: [{ index: 0, delta: { content: "a" } }] };
        response.write(`data: ${JSON.stringify(chunk)}\n\n`);
      });
      const tls = folder.section();
      await using gateway = await runGateway({
        ...overUpstreams(upstream.baseUrl),
        tls,
        http: { front },
        // Nothing but the client's leaving ends the call while the test waits for that.
        timeouts: { idle: "10m", total: "10m" },
        stream: { keepAlive: "10m" },
      });
      const { url, key } = gateway;
      const asker = new Asker({ url, key, ca: folder.servers.cert });
      const body = { model: "m", messages: [{ role: "user", content: "hi" }], stream: true };
      const left = await asker.ask("/v1/chat/completions", body, (answer) => answer.destroy());
      expect([left.status, left.isBroken]).toEqual([200, true]);
      await within(() => open === 0);
    },
    testMs,
  );

  it(
    "certificates change under load within 5 s each: no request fails, open connections go on",
    async () => {
      using folder = new TlsFolder();
      await using serving = await new Serving().start(fileOf(tlsLine(folder), front), 1);
      const { url, key } = serving;
      const at = { url, key, ca: folder.servers.cert };
      const answers: Answered[] = [];
      let isOver = false;
      // Also ends the load of a test that fails under it.
      using _ended = { [Symbol.dispose]: () => void (isOver = true) };
      using long = new Asker({ ...at, isKept: true });
      const first = await long.chat("quick");
      const load = Array.from({ length: 6 }, async (_, i) => {
        using asker = new Asker({ ...at, isKept: i % 2 === 0 });
        while (!isOver) answers.push(await asker.chat("quick", { stream: i % 3 === 0 }));
      });
      const seen = new Asker(at);
      let renewals = 0;
      /** ms until the next certificate is in force. */
      const renew = async (): Promise<number> => {
        const { thumbprint } = folder.renew();
        renewals++;
        const sinceMs = clock.monotonicMs();
        await within(async () => (await seen.chat("quick")).server === thumbprint);
        return clock.monotonicMs() - sinceMs;
      };
      const isSoon = (ms: number): boolean => ms <= renewMsMax;
      for (let i = 0; i < 4; i++)
        expect(await quietest(renew, isSoon, 3)).toBeLessThanOrEqual(renewMsMax);
      const { thumbprint } = folder.own;
      folder.write("tls.crt", "no certificate");
      await within(async () => (await seen.ask("/health")).text.includes("LL_TLS_CERTIFICATE"));
      expect((await seen.chat("quick")).server).toBe(thumbprint);
      await renew();
      const last = folder.own;
      isOver = true;
      await Promise.all(load);
      expect(answers.filter((one) => !isWhole(one))).toEqual([]);
      expect(answers.length).toBeGreaterThan(100);
      const still = await long.chat("quick");
      expect([still.port, still.server]).toEqual([first.port, first.server]);
      expect(first.server).not.toBe(last.thumbprint);
      const metrics = (await seen.ask("/metrics")).text;
      expect(sampleIn(metrics, 'loadline_tls_reloads_total{outcome="applied"}')).toBe(renewals);
      expect(sampleIn(metrics, 'loadline_tls_reloads_total{outcome="refused"}')).toBe(1);
      expect((await seen.ask("/health")).text).toContain('"tls":{"required":false,"state":"ok"');
    },
    testMs,
  );
});

describe("several workers behind TLS", () => {
  it(
    "serve one port, take renewed certificates and bound keys; one that begins over bad files has the last good",
    async () => {
      using folder = new TlsFolder();
      const tls = tlsLine(folder, folder.mtls("request"));
      await using serving = await new Serving().start(fileOf(tls), 2);
      const { url } = serving;
      const spiffe = "spiffe://example.org/svc";
      const { secret } = await serving.keys.create(operator(), { name: "b", boundTo: spiffe });
      const pair = folder.clients.issue({ purpose: "client", uris: [spiffe] });
      const ca = folder.servers.cert;
      const bound = new Asker({ url, key: secret, ca, pair });
      const bare = new Asker({ url, key: secret, ca });
      const open = new Asker({ url, key: serving.key, ca });
      await within(async () => (await bound.chat("quick")).status === 200);
      const all = await Promise.all(Array.from({ length: 30 }, () => bound.chat("quick")));
      expect(all.filter(isWhole)).toHaveLength(30);
      const refused = await Promise.all(Array.from({ length: 10 }, () => bare.chat("quick")));
      expect(refused.filter((one) => one.status !== 403)).toEqual([]);
      expect(refused[0]?.text).toContain("LL_AUTH_BINDING");
      const { thumbprint } = folder.renew();
      const applied = (): number => serving.err.match(/"event":"tls\.applied"/g)?.length ?? 0;
      await within(() => applied() === 2);
      const renewed = await Promise.all(Array.from({ length: 20 }, () => open.chat("quick")));
      expect(renewed.filter((one) => !isWhole(one) || one.server !== thumbprint)).toEqual([]);
      // The supervisor looks by itself and says nothing of it: a reload has it take them, too.
      serving.send("SIGHUP");
      await within(() => /reload (?:applied|unchanged): /.test(serving.err));
      folder.write("tls.key", "no key");
      serving.send("SIGHUP");
      await within(() => serving.err.includes("reload invalid: LL_TLS_KEY tls.files.key"));
      const kept = await open.chat("quick");
      expect([isWhole(kept), kept.server]).toEqual([true, thumbprint]);
      const begun = (): number => serving.err.match(/"event":"worker",/g)?.length ?? 0;
      process.kill(serving.workers()[0] ?? 0, "SIGKILL");
      await within(() => begun() === 3);
      const after = await Promise.all(Array.from({ length: 20 }, () => open.chat("quick")));
      expect(after.filter((one) => !isWhole(one) || one.server !== thumbprint)).toEqual([]);
      await within(async () => (await open.ask("/health")).text.includes("LL_TLS_KEY"));
    },
    testMs,
  );

  it.each([
    ["serve", ["serve", "--port", "0"]],
    ["serve of two workers", ["serve", "--port", "0", "--workers", "2"]],
    ["config check", ["config", "check"]],
  ])(
    "%s refuses files that do not belong together: code, remedy and exit 78, and nothing starts",
    async (_what, argv) => {
      using folder = new TlsFolder();
      await using serving = new Serving();
      serving.write(fileOf(tlsLine(folder)));
      const run = () => runCli(serving.dir, [...argv, "--config", serving.file]);
      if (argv[0] === "config") expect((await run()).code).toBe(0);
      folder.write("tls.key", folder.servers.issue({ purpose: "server" }).key);
      const { code, err } = await run();
      expect(code).toBe(78);
      expect(err).toContain("LL_TLS_KEY");
      expect(err).toContain("tls.files.key, without a passphrase");
      expect(err).not.toMatch(/listening|serving/);
    },
    testMs,
  );
});
