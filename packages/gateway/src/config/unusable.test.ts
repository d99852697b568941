import { describe, expect, it } from "vitest";
import { loadConfig } from "./load.ts";
import { configWarnings } from "./warnings.ts";
import { breakerSettings } from "../routing/config.ts";

type Settings = Readonly<Record<string, unknown>>;

const target = { provider: "openai-compatible", model: "m", baseUrl: "http://127.0.0.1:9/v1" };
const env = {
  GOOD: "sk-abc",
  TWO_LINES: "sk-a\nsk-b",
  SPACE: "sk a",
  WIDE: "sk-\u00e9",
  WORDS: "Basic abc",
  DSN: "https://k@h/1",
};

const ofTarget = (more: Settings): Settings => ({ targets: { a: { ...target, ...more } } });
const ofRoute = (more: Settings): Settings => ({
  ...ofTarget({}),
  routes: { r: { models: ["m"], groups: [{ targets: ["a"] }], ...more } },
});
const key = (name: string): Settings => ofTarget({ keys: [`\${env:${name}}`] });
const header = (name: string): Settings => {
  const headers = { authorization: `\${env:${name}}` };
  return { telemetry: { traces: { endpoint: "http://127.0.0.1:1/v1/traces", headers } } };
};

/** What reading it says; `taken` when nothing is wrong. */
function said(settings: Settings): string {
  try {
    loadConfig(undefined, env, settings);
    return "taken";
  } catch (cause) {
    return cause instanceof Error ? cause.message : "no error";
  }
}

describe("what no call could ever use is refused as the configuration is read", () => {
  it.each<[string, Settings, Settings]>([
    ["targets.a.keys[0]: a key is one line of", key("GOOD"), key("TWO_LINES")],
    ["targets.a.keys[0]: a key is one line of", key("GOOD"), key("SPACE")],
    ["targets.a.keys[0]: a key is one line of", key("GOOD"), key("WIDE")],
    [
      "telemetry.traces.headers.authorization: a header is one line",
      header("WORDS"),
      header("TWO_LINES"),
    ],
    [
      "telemetry.errors.dsn: not a DSN",
      { telemetry: { errors: { dsn: "${env:DSN}" } } },
      { telemetry: { errors: { dsn: "${env:GOOD}" } } },
    ],
    [
      "targets.a.baseUrl: nobody listens on port 0",
      ofTarget({}),
      ofTarget({ baseUrl: "http://127.0.0.1:0/v1" }),
    ],
    [
      "targets.a.params.clamp.temperature: its min is over its max",
      ofTarget({ params: { clamp: { temperature: { min: 0, max: 0 } } } }),
      ofTarget({ params: { clamp: { temperature: { min: 2, max: 1 } } } }),
    ],
    [
      "targets.a.params.rename: two members get one name",
      ofTarget({ params: { rename: { x: "y", y: "x" } } }),
      ofTarget({ params: { rename: { x: "z", y: "z" } } }),
    ],
    [
      "routes.r.groups[0].targets: a target is named twice",
      ofRoute({}),
      ofRoute({ groups: [{ targets: ["a", "a"] }] }),
    ],
    [
      "routes.r.models[0]: a name has no control characters",
      ofRoute({ models: ["gpt 4\u00e9"] }),
      ofRoute({ models: ["a\nb"] }),
    ],
  ])("%s", (text, good, bad) => {
    expect([said(good), said(bad)]).toEqual(["taken", expect.stringContaining(text)]);
  });

  it("never shows the secret it refuses", () => {
    for (const name of ["TWO_LINES", "SPACE", "WIDE"]) expect(said(key(name))).not.toContain("sk");
  });
});

describe("what does nothing is warned of", () => {
  const warned = (settings: Settings): string =>
    configWarnings(loadConfig(undefined, env, settings)).join("\n");

  it.each([{ hedge: {} }, { resume: {} }])("%j of a route with one target", (more) => {
    expect(warned(ofRoute(more))).toContain("routes.r has one target, so nothing is hedged");
    expect(warned(ofRoute({}))).not.toContain("hedged");
  });

  it("a longest stay open below the first, which stays as it is", () => {
    const config = loadConfig(undefined, env, { breaker: { openFor: "2m" } });
    expect(configWarnings(config).join("\n")).toContain(
      "breaker.openForMax (60000 ms) is below openFor (120000 ms) and has no effect.",
    );
    const { openForMs, openForMaxMs } = breakerSettings(config.breaker);
    expect([openForMs, openForMaxMs]).toEqual([120_000, 120_000]);
    expect(warned({})).not.toContain("openFor");
  });
});
