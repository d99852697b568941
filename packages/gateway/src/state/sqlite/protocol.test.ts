import { describe, expect, it } from "vitest";
import { faultOf, isDamage } from "./protocol.ts";

const damage = (errcode: number): boolean => isDamage({ message: "", errcode });

describe("isDamage", () => {
  it.each([
    ["PERM", 3],
    ["BUSY", 5],
    ["LOCKED", 6],
    ["NOMEM", 7],
    ["READONLY", 8],
    ["INTERRUPT", 9],
    ["IOERR", 10],
    ["FULL", 13],
    ["CANTOPEN", 14],
    ["PROTOCOL", 15],
    ["SCHEMA", 17],
    ["NOLFS", 22],
    ["AUTH", 23],
  ])("%s says nothing against the file, in its extended codes either", (_, code) => {
    expect([damage(code), damage(code | (2 << 8))]).toEqual([false, false]);
  });

  it("CORRUPT and NOTADB do, and what is not of SQLite does not", () => {
    expect([damage(11), damage(267), damage(26)]).toEqual([true, true, true]);
    expect(isDamage(faultOf(new Error("EACCES")))).toBe(false);
  });
});
