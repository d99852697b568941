import { describe, expect, it } from "vitest";
import { streamConfig, streamSettings } from "./config.ts";

const defaults = streamSettings(streamConfig.parse({}));

describe("the section stream", () => {
  it("has the specification's times and bounds by default", () => {
    expect(defaults).toEqual({
      keepAliveMs: 15_000,
      isKeptAliveBeforeContent: true,
      finishMs: 5000,
      clientStalledMs: 60_000,
      waitingBytesMax: 262_144,
      minBytesPerS: 0,
      heldBytesMax: 8_388_608,
      heldBytesMaxTotal: 268_435_456,
    });
  });

  it.each([
    ["keepAlive", "1s", "keepAliveMs", 1000],
    ["keepAliveBeforeContent", "off", "isKeptAliveBeforeContent", false],
    ["finish", 100, "finishMs", 100],
    ["clientStalled", "2m", "clientStalledMs", 120_000],
    ["waitingBytesMax", 20_000, "waitingBytesMax", 20_000],
    ["minBytesPerS", 10, "minBytesPerS", 10],
    ["heldBytesMax", 2000, "heldBytesMax", 2000],
    ["heldBytesMaxTotal", 5000, "heldBytesMaxTotal", 5000],
  ])("%s: %s sets %s and nothing else", (key, value, setting, expected) => {
    const settings = streamSettings(streamConfig.parse({ [key]: value }));
    expect(settings).toEqual({ ...defaults, [setting]: expected });
  });

  it("every key of the section is in the table above", () => {
    expect(Object.keys(streamConfig.shape)).toHaveLength(8);
  });

  it.each([{ keepAlive: 0 }, { waitingBytesMax: 1 }, { heldBytesMax: 0 }, { unknown: 1 }])(
    "%j is refused",
    (section) => {
      expect(streamConfig.safeParse(section).success).toBe(false);
    },
  );
});
