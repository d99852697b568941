import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyDir, runCli } from "./cli-process.ts";

const target = "{provider: simulator, tokens: 2, latency: 0}";
const fileOf = (model: string, more = ""): string =>
  `targets: {s: ${target}}\nauth: {required: false}\n` +
  `routes: {r: {models: [${model}], groups: [{targets: [s]}]}}\n${more}`;

/** In one step, so that nobody reads half a file. */
function write(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

async function modelsOf(url: string): Promise<string> {
  return (await fetch(`${url}/v1/models`)).text();
}

/** Whether /health says that what is written is in force. */
async function configOf(url: string): Promise<unknown> {
  const value: unknown = await (await fetch(`${url}/health`)).json();
  return typeof value === "object" && value !== null && "config" in value && value.config;
}

interface Step {
  /** Text on standard error after which it is taken. */
  readonly after: RegExp;
  run(url: string, kill: (signal: NodeJS.Signals) => void): Promise<void> | void;
}

/** `loadline serve` over a file, with steps that wait for what the process says. */
async function serve(steps: (path: string) => readonly Step[], first: string) {
  const cwd = emptyDir();
  const path = join(cwd, "loadline.yaml");
  write(path, first);
  const left = [...steps(path)];
  let seen = 0;
  let running = Promise.resolve();
  const failures: unknown[] = [];
  const ended = await runCli(cwd, ["serve", "--config", "loadline.yaml", "--port", "0"], {
    onErr(text, kill) {
      // Whole lines alone: what a chunk ends within is looked at with the next one.
      const lines = text.slice(seen, text.lastIndexOf("\n") + 1);
      const found = left[0]?.after.exec(lines);
      const url = /serving (http:\S+)/.exec(text)?.[1];
      if (!found || url === undefined) return;
      const step = left.shift();
      seen += lines.indexOf("\n", found.index) + 1;
      running = running
        .then(() => step?.run(url, kill))
        .catch((cause: unknown) => {
          failures.push(cause);
          kill("SIGTERM");
        });
    },
  });
  await running;
  expect(failures).toEqual([]);
  expect(left).toEqual([]);
  return ended;
}

describe("loadline serve --config", () => {
  it("goes over to a file that changed, keeps the last good one over a bad file, and reloads at SIGHUP", async () => {
    const models: string[] = [];
    const configs: unknown[] = [];
    const ended = await serve(
      (path) => [
        {
          after: /serving http/,
          async run(url) {
            models.push(await modelsOf(url));
            write(path, fileOf("two"));
          },
        },
        {
          after: /reload applied: routes\.r/,
          async run(url) {
            models.push(await modelsOf(url));
            write(path, fileOf("three", "limit: []\n"));
          },
        },
        {
          after: /reload invalid: LL_CONFIG_UNKNOWN_KEY limit: .*limits.*loadline\.yaml:4\)/,
          async run(url, kill) {
            models.push(await modelsOf(url));
            configs.push(await configOf(url));
            kill("SIGHUP");
          },
        },
        {
          after: /reload invalid: LL_CONFIG_UNKNOWN_KEY/,
          run: () => write(path, fileOf("four", "listen: {host: 0.0.0.0}\n")),
        },
        {
          after: /reload restart_needed: LL_CONFIG_RESTART_NEEDED listen\.host/,
          async run(url) {
            models.push(await modelsOf(url));
            write(path, fileOf("five"));
          },
        },
        {
          after: /reload applied: routes\.r/,
          async run(url, kill) {
            models.push(await modelsOf(url));
            configs.push(await configOf(url));
            kill("SIGHUP");
          },
        },
        { after: /reload unchanged: nothing changed/, run: (_url, kill) => kill("SIGTERM") },
      ],
      fileOf("one"),
    );
    expect(ended.code).toBe(0);
    const named = models.map((text) => /"id":"(\w+)"/.exec(text)?.[1]);
    expect(named).toEqual(["one", "two", "two", "two", "five"]);
    expect(configs).toEqual(["stale", "current"]);
  });
});
