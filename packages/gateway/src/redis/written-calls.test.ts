import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WrittenCalls } from "./written-calls.ts";

const sha = "0123456789abcdef0123456789abcdef01234567";
const few = { maxLength: 4 };

/** Reads one array of bulk strings back, by the lengths that it states in bytes. */
function read(text: string): { count: number; list: string[]; rest: string } {
  let bytes = Buffer.from(text);
  const line = (): string => {
    const end = bytes.indexOf("\r\n");
    const said = bytes.subarray(0, end).toString();
    bytes = bytes.subarray(end + 2);
    return said;
  };
  const count = Number(line().slice(1));
  const list: string[] = [];
  for (let i = 0; i < count; i++) {
    const length = Number(line().slice(1));
    list.push(bytes.subarray(0, length).toString());
    bytes = bytes.subarray(length + 2);
  }
  return { count, list, rest: bytes.toString() };
}

describe("a written call of a script", () => {
  it("is an array of bulk strings: command, digest, count of keys, keys, the rest", () => {
    expect(new WrittenCalls().of({ sha: "ab" }, [["k"]], ["x", 10])).toBe(
      "*6\r\n$7\r\nEVALSHA\r\n$2\r\nab\r\n$1\r\n1\r\n$1\r\nk\r\n$1\r\nx\r\n$2\r\n10\r\n",
    );
  });

  it("gives back every argument, line ends, empty and wide characters among them", () => {
    const argument = fc.oneof(fc.string({ unit: "binary" }), fc.integer(), fc.constant("a\r\n$1"));
    fc.assert(
      fc.property(fc.array(fc.array(fc.string(), few), few), fc.array(argument), (keys, rest) => {
        const { count, list, rest: left } = read(new WrittenCalls().of({ sha }, keys, rest));
        const all = keys.flat();
        expect(list).toEqual(["EVALSHA", sha, String(all.length), ...all, ...rest.map(String)]);
        expect(count).toBe(list.length);
        expect(left).toBe("");
      }),
    );
  });

  it("of the same keys differs in its last arguments, and in its script, alone", () => {
    const calls = new WrittenCalls();
    const keys = [["k1", "k2"], ["k3"]];
    const first = calls.of({ sha }, keys, ["a"]);
    expect(read(calls.of({ sha }, keys, ["b", 2])).list).toEqual([
      "EVALSHA",
      sha,
      "3",
      ...keys.flat(),
      "b",
      "2",
    ]);
    expect(read(calls.of({ sha: "other" }, keys, ["a"])).list[1]).toBe("other");
    expect(calls.of({ sha }, keys, ["a"])).toBe(first);
  });

  it("of equal keys in another list is the same", () => {
    const calls = new WrittenCalls();
    expect(calls.of({ sha }, [["k"]], [1])).toBe(calls.of({ sha }, [["k"], []], [1]));
  });
});
