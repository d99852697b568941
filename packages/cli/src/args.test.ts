import { LoadlineError } from "@loadline/kit/errors";
import { describe, expect, it } from "vitest";
import { type OptionSpec, parseArgs } from "./args.ts";

const options: readonly OptionSpec[] = [
  { name: "once", help: "" },
  { name: "port", value: "N", help: "" },
  { name: "profile", value: "NAME", oneOf: ["quick", "full"], help: "" },
];
const any = { name: "BUNDLE", min: 0, max: 1 };
const parse = (...argv: string[]) => parseArgs(argv, options, any);

describe("arguments", () => {
  it("flags, values after a space or an equals sign, and positionals are told apart", () => {
    const args = parse("--once", "--port", "81", "dir");
    expect(args.has("once")).toBe(true);
    expect(args.count("port", { min: 0, max: 65_535 })).toBe(81);
    expect(args.positionals).toEqual(["dir"]);
    expect(parse("--port=82").text("port")).toBe("82");
    expect(parse().count("port", { min: 0, max: 1 })).toBeUndefined();
  });

  it.each([
    [["--onec"], "LL_CLI_FLAG", 'Did you mean "--once"?'],
    [["-once"], "LL_CLI_FLAG", "unknown flag"],
    [["--zzzzzzzz"], "LL_CLI_FLAG", "--zzzzzzzz: unknown flag."],
    [["--port"], "LL_CLI_VALUE", "--port needs a value (N)."],
    [["--port", "--once"], "LL_CLI_VALUE", "--port needs a value"],
    [["--once=1"], "LL_CLI_VALUE", "takes no value"],
    [["--profile", "quik"], "LL_CLI_VALUE", 'Did you mean "quick"?'],
    [["a", "b"], "LL_CLI_ARGUMENT", '"b" is one argument too many.'],
  ])("%j is refused with %s", (argv, code, message) => {
    try {
      parse(...argv);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(LoadlineError);
      if (!(error instanceof LoadlineError)) return;
      expect(error.code).toBe(code);
      expect(error.message).toContain(message);
      expect(error.row.exit).toBe(64);
    }
  });

  it.each(["-1", "1.5", "65536", "x", "1e3", " 1"])("%j is no port", (value) => {
    const args = parse(`--port=${value}`);
    expect(() => args.count("port", { min: 0, max: 65_535 })).toThrow("whole number");
  });

  it("a missing positional is named, but not when help is asked for", () => {
    const one = { name: "BUNDLE", min: 1, max: 1 };
    expect(() => parseArgs([], options, one)).toThrow("BUNDLE is missing");
    const help: OptionSpec = { name: "help", help: "" };
    expect(parseArgs(["--help"], [help], one).has("help")).toBe(true);
    expect(parseArgs(["-h"], [help], one).has("help")).toBe(true);
  });
});
