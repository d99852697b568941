import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { claimsOfSlos } from "@loadline/contract";
import { gatewaySloSeries } from "@loadline/gateway";
import { readSloText } from "@loadline/validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestHost } from "../../test/test-host.ts";
import { runCli } from "../run.ts";

const example = fileURLToPath(
  new URL("../../../../examples/slo/slo_definitions.yaml", import.meta.url),
);
const runbook = "https://runbooks.example.org/slo";
let dir = "";

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "ll-slo-file-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function run(...argv: string[]): Promise<{ out: string; err: string; code: number }> {
  const host = createTestHost(["slo", ...argv], { cwd: dir });
  const code = await runCli(host);
  return { out: host.out(), err: host.err(), code };
}

function write(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return name;
}

const slo = (change = ""): string => `schema: loadline-slo/v1
slos:
  - id: a
    service: s
    sli: { kind: ratio, bad: 'calls{code="500"}', total: calls }
    objective: 99.5 %
    window: 30d
    runbook: https://example.org
${change}`;
const page = (good: number, bad: number, startedMs?: number): string =>
  `${startedMs === undefined ? "" : `process_start_time_seconds ${startedMs / 1000}\n`}calls{code="200"} ${good}\ncalls{code="500"} ${bad}\n`;

describe("slo import", () => {
  it("definitions as people write them, our own form and OpenSLO are read, unchanged [R2-38]", async () => {
    const first = await run("import", example);
    expect([first.code, first.out.match(/^ {2}- id: /gm)?.length]).toEqual([0, 18]);
    expect(first.out).toContain("objective: 99.5 %\n    window: 30d\n");
    expect(first.err).toContain("slo.mcp.timeout");
    const again = await run("import", write("own.yaml", first.out));
    expect([again.code, again.out]).toEqual([0, first.out]);
    const open = await run("import", example, "--format", "openslo");
    expect([open.code, open.out.match(/^kind: SLO$/gm)?.length]).toEqual([0, 6]);
    const back = await run("import", write("open.yaml", open.out));
    expect([back.code, back.out.match(/^ {2}- id: /gm)?.length]).toEqual([0, 6]);
    expect(back.out).toContain("id: availability\n    service: gateway\n");
  });

  it("what is a claim and no objective is told, as JSON too", async () => {
    const { out, err, code } = await run("import", example, "--json");
    expect([code, Object.keys(JSON.parse(out)).includes("slos")]).toEqual([0, true]);
    for (const id of ["slo.mcp.timeout", "slo.rpo", "slo.rto"]) expect(err).toContain(id);
  });

  it("objectives on the gateway's own series are claims on the chat's load", () => {
    const text =
      "service_slos:\n  gateway: { availability: 99.5, p99_latency: 2000, embed_latency_p99: 300 }\n  chat: { availability: 99.5, throughput_min: 20 }\n";
    const read = readSloText(text, { service: "gateway", series: gatewaySloSeries });
    expect(read.ok && claimsOfSlos(read.document.slos).map(({ of }) => of)).toEqual([
      "load.chat.errors",
      "load.chat.response_time",
      "load.slo.gateway.embed.latency.p99.response_time",
      "load.chat.errors",
      "load.chat.good_per_second",
    ]);
  });

  it("an unknown key is refused with code, path, nearest key, remedy and line", async () => {
    const { out, err, code } = await run(
      "import",
      write("bad.yaml", "slo_targets:\n  availabilty: 99\n"),
    );
    expect([out, code]).toEqual(["", 78]);
    expect(err).toBe(
      "LL_SLO_UNKNOWN_KEY slo_targets.availabilty: unknown key. Did you mean availability? Use the nearest key named in the message, or remove the key. (bad.yaml:2)\n",
    );
    const json = await run("import", "bad.yaml", "--json");
    expect(JSON.parse(json.out)).toHaveProperty("problems.0.line", 2);
    expect([json.err, json.code]).toEqual(["", 78]);
  });

  it("a budget that does not follow from its objective is refused", async () => {
    const wrong = readFileSync(example, "utf8").replace("3.6 hours", "4 hours");
    const { err, code } = await run("import", write("wrong.yaml", wrong));
    expect([code, err.includes("99.5 % over 30 d leaves 3.6 h")]).toEqual([78, true]);
  });

  it("a file that is not there and an action without one are named", async () => {
    expect((await run("import", "gone.yaml")).err).toContain("ENOENT");
    expect((await run("budget")).err).toContain("needs a FILE");
    expect((await run("import")).code).toBe(64);
  });
});

describe("slo lint and compile", () => {
  it("all of a folder is written, what no series watches is named and not a success", async () => {
    const { out, err, code } = await run(
      "compile",
      example,
      "--out",
      "made",
      "--runbook",
      `${runbook}/`,
    );
    expect([code, out]).toEqual([2, "7 objectives compiled into made\n"]);
    expect(err).toContain("not watched: redis.latency.p99: it names no series");
    expect(err).toContain("not watched: chat.latency.p99: it names no series");
    expect(err).toContain("not checked: whether each series is there before its first failure");
    expect(readFileSync(join(dir, "made/rules/availability.yml"), "utf8")).toContain(
      `runbook_url: ${runbook}/availability\n`,
    );
    for (const name of [
      "tests/availability.yml",
      "alertmanager.yml",
      "dashboard.json",
      "openslo.yaml",
      "routing-cases.json",
      "prometheus.yml",
    ]) {
      expect(existsSync(join(dir, "made", name)), name).toBe(true);
    }
  });

  it("without a folder the rules are printed, as JSON everything is", async () => {
    const name = write("slo.yaml", slo());
    const text = await run("compile", name);
    expect([text.code, text.out.includes("alert: LoadlineSloBurn")]).toEqual([0, true]);
    const json = await run("compile", name, "--json");
    expect(JSON.parse(json.out)).toHaveProperty(
      "objectives.0.rules.groups.3.rules.0.alert",
      "LoadlineSloBurn",
    );
    expect(JSON.parse(json.out)).toHaveProperty("routing.0.receivers", ["nobody"]);
  });

  it("what could never fire is refused and nothing is written", async () => {
    const loose = write("loose.yaml", slo().replace("99.5 %", "80 %"));
    const { err, code } = await run("compile", loose, "--out", "none");
    expect([code, err.startsWith("LL_SLO_NO_PAGE"), existsSync(join(dir, "none"))]).toEqual([
      78,
      true,
      false,
    ]);
    expect((await run("lint", loose)).code).toBe(78);
  });

  it("a name that leads out of the folder is refused and nothing is written", async () => {
    const open = await run("import", example, "--format", "openslo");
    const text = open.out.replace("name: availability\n", "name: ../../escaped\n");
    expect(text).not.toBe(open.out);
    const argv = ["--out", "deep/made", "--runbook", runbook];
    const { err, code } = await run("compile", write("escape.yaml", text), ...argv);
    expect([code, err.includes("metadata.name")]).toEqual([78, true]);
    expect(existsSync(join(dir, "deep"))).toBe(false);
  });

  it("a metrics page answers what is else not checked", async () => {
    const name = write("slo.yaml", slo());
    const without = await run("lint", name);
    expect([without.code, without.out.match(/^not checked/gm)?.length]).toEqual([0, 2]);
    const born = await run("lint", name, "--metrics", write("born.txt", page(7, 0)));
    expect([born.code, born.out]).toEqual([0, "1 objectives read\n"]);
    const unborn = await run(
      "lint",
      name,
      "--metrics",
      write("unborn.txt", 'calls{code="200"} 7\n'),
    );
    expect([unborn.code, unborn.err.startsWith("LL_SLO_ZERO_START")]).toEqual([78, true]);
    const json = await run("lint", name, "--json");
    expect(JSON.parse(json.out)).toHaveProperty("notChecked.length", 2);
  });
});

describe("slo check", () => {
  it("passed is 0, failed is 1, too few or not seen is 2, each with its count", async () => {
    const name = write("slo.yaml", slo());
    const of = async (text: string): Promise<string> => {
      const { out, code } = await run("check", name, "--metrics", write("page.txt", text));
      return `${code} ${out.split(":")[0]?.replace(/ +/, " ")}`;
    };
    expect([
      await of(page(598, 0)),
      await of(page(900, 100)),
      await of(page(99, 0)),
      await of(""),
    ]).toEqual(["0 passed a", "1 FAILED a", "2 inconclusive a", "2 not tested a"]);
    const json = await run("check", name, "--json", "--metrics", write("page.txt", page(598, 0)));
    expect(JSON.parse(json.out)).toHaveProperty("slos.0.n", 598);
    expect((await run("check", name)).err).toContain("--metrics FILE");
  });

  it("a latency of chat is not told by calls of all operations", async () => {
    const all = "loadline_request_duration_seconds";
    const fast = ["0.5", "1.5", "2", "+Inf"].map((le) => `${all}_bucket{le="${le}"} 9000\n`);
    const text = `${fast.join("")}${all}_count 9000\n`;
    const { out } = await run("check", example, "--metrics", write("page.txt", text));
    expect(out).toMatch(/^passed +latency\.p99: /m);
    expect(out).toMatch(/^not tested +chat\.latency\.p99: /m);
  });
});

describe("a file without objectives", () => {
  it("has nothing to prove, and nothing of it is a success", async () => {
    const name = write("none.yaml", "slo_targets: {}\n");
    const metrics = ["--metrics", write("page.txt", page(598, 0))];
    expect((await run("check", name, ...metrics)).code).toBe(2);
    expect((await run("budget", name, ...metrics)).code).toBe(2);
  });
});

describe("slo budget", () => {
  const hourMs = 3_600_000;
  const startMs = Date.UTC(2026, 3, 1);
  /** A page each hour, 1000 events an hour; so many bad ones until 6 h before the end, and then. */
  function history(hours: number, bad: number, recent: number): string {
    let failures = 0;
    const lines = Array.from({ length: hours + 1 }, (_, hour) => {
      const line = JSON.stringify({
        at: new Date(startMs + hour * hourMs).toISOString(),
        page: page(1000 * hour - failures, failures),
      });
      failures += hours - hour <= 6 ? recent : bad;
      return line;
    });
    return lines.join("\n");
  }

  it("what is used, what is left and the day of exhaustion are told [R2-44]", async () => {
    const name = write("slo.yaml", slo());
    const { out, code } = await run(
      "budget",
      name,
      "--history",
      write("h.jsonl", history(72, 0, 50)),
    );
    expect([code, out]).toEqual([
      0,
      "left          a: 8.33 % used, 91.67 % left (3.3 h of a total outage); burns 10 times as fast as even: exhausted at 2026-04-06T18:00:00.000Z\n",
    ]);
    const even = await run("budget", name, "--history", write("h.jsonl", history(720, 5, 5)));
    expect([even.code, even.out.startsWith("EXHAUSTED")]).toEqual([1, true]);
    const short = await run("budget", name, "--history", write("h.jsonl", history(7, 0, 0)));
    expect([short.code, short.out]).toEqual([
      2,
      "not told      a: not enough history: 7 h of 30 d\n",
    ]);
    const json = await run(
      "budget",
      name,
      "--json",
      "--history",
      write("h.jsonl", history(72, 5, 5)),
    );
    expect(JSON.parse(json.out)).toHaveProperty("budgets.0.remaining", 0.9);
  });

  it("failures whose series comes late, or goes, are not told", async () => {
    const name = write("slo.yaml", slo());
    const at = (hour: number): string => new Date(startMs + hour * hourMs).toISOString();
    const line = (hour: number, text: string): string =>
      JSON.stringify({ at: at(hour), page: text });
    const without = 'calls{code="200"} 9000\n';
    const of = (...lines: string[]): ReturnType<typeof run> =>
      run("budget", name, "--history", write("h.jsonl", lines.join("\n")));
    const late = await of(
      line(0, without),
      line(8, page(18_000, 500)),
      line(80, page(90_000, 500)),
    );
    expect([late.code, late.out]).toEqual([
      2,
      `not told      a: at ${at(0)} events are counted, failures are not\n`,
    ]);
    const gone = await of(line(0, page(0, 0)), line(72, page(9, 0)), line(80, without));
    expect([gone.code, gone.out.includes(at(80))]).toEqual([2, true]);
    const before = await of(line(0, without), line(800, page(0, 0)), line(900, page(9, 0)));
    expect([before.code, before.out.startsWith("left")]).toEqual([0, true]);
  });

  it("one page counts since the start of its process", async () => {
    const nowMs = createTestHost([]).clock.wallMs();
    const name = write("slo.yaml", slo());
    const of = (text: string): ReturnType<typeof run> =>
      run("budget", name, "--metrics", write("p.txt", text));
    const day3 = await of(page(71_640, 360, nowMs - 72 * hourMs));
    expect([day3.code, day3.out.includes("10 % used, 90 % left")]).toEqual([0, true]);
    expect((await of(page(9, 0, nowMs - hourMs))).out).toContain("not enough history: 1 h of 30 d");
    expect((await of(page(9, 0))).code).toBe(2);
    expect((await of("up 1\n")).code).toBe(2);
  });

  it("a history that is no line of JSON, or runs backwards, is refused by line", async () => {
    const name = write("slo.yaml", slo());
    const of = (text: string): ReturnType<typeof run> =>
      run("budget", name, "--history", write("h.jsonl", text));
    const [first = ""] = history(1, 0, 0).split("\n");
    for (const second of [
      "{",
      "7",
      '{"at": "soon", "page": ""}',
      '{"at": "2030-01-01T00:00:00Z"}',
      first,
    ]) {
      const { err, code } = await of(`${first}\n${second}\n`);
      expect([code, err.includes("LL_CLI_HISTORY"), err.includes("h.jsonl:2")], second).toEqual([
        78,
        true,
        true,
      ]);
    }
    expect((await run("budget", name)).err).toContain("--history FILE");
  });
});
