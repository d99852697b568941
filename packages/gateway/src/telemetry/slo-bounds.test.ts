import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sampleIn } from "../../test/answers.ts";
import { runGateway, temporaryDir } from "../../test/harness.ts";
import { latencySlo, sloText } from "./slo-bounds.fixture.ts";
import { readDurationBounds } from "./slo-bounds.ts";
import { durationBounds, durationName } from "./telemetry.ts";

let dir = "";
beforeAll(() => void (dir = temporaryDir()));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function fileOf(text: string): string {
  const path = join(dir, `${text.length}.yaml`);
  writeFileSync(path, text);
  return path;
}

const written = (...slos: readonly object[]): string => fileOf(sloText(...slos));

describe("bounds of the request duration", () => {
  it("are the usual ones without a file", async () => {
    expect(await readDurationBounds(undefined)).toBe(durationBounds);
  });

  it("have those of each objective about it among them, once and in order", async () => {
    const path = written(
      latencySlo("a.fast", "750ms", durationName),
      latencySlo("a.chat", "3s", `${durationName}{route="chat"}`),
      latencySlo("a.known", "2s", durationName),
      latencySlo("a.other", "333ms", "others_seconds"),
    );
    const wanted = [...durationBounds, 0.75, 3].toSorted((a, b) => a - b);
    expect(await readDurationBounds(path)).toEqual(wanted);
  });

  it.each([
    ["is not there", () => join(dir, "none.yaml"), "cannot be read (ENOENT)"],
    ["is no YAML", () => fileOf("slos: [\n"), "it is no YAML"],
    ["holds no objectives", () => fileOf("schema: loadline-slo/v1\nslo: []\n"), "slo"],
  ])("stop the start by the name of a file that %s", async (_what, path, text) => {
    const settings = { telemetry: { slos: path() } };
    const code = "LL_CONFIG_INVALID";
    const message = expect.stringContaining(text);
    await expect(runGateway(settings)).rejects.toMatchObject({ code, message });
  });
});

it("a gateway counts exactly what its objectives name, from the first scrape", async () => {
  const slos = written(latencySlo("b.quick", "750ms", durationName));
  const series = `${durationName}_bucket{route="sim",stream="false",le="0.75"}`;
  await using plain = await runGateway();
  await using told = await runGateway({ telemetry: { overloadAfter: 0, slos } });
  const textOf = async (g: typeof plain): Promise<string> => (await g.get("/metrics")).text();
  expect(sampleIn(await textOf(plain), series)).toBeNaN();
  expect(sampleIn(await textOf(told), series)).toBe(0);
  const messages = [{ role: "user", content: "hi" }];
  await (await told.post("/v1/chat/completions", { model: "sim", messages })).text();
  const count = `${durationName}_count{route="sim",stream="false"}`;
  await expect.poll(async () => sampleIn(await textOf(told), count)).toBe(1);
});
