import { DatabaseError } from "pg";
import { describe, expect, it } from "vitest";
import { isServersAnswer } from "./pool.ts";

const told = (severity: string, code: string): Error =>
  Object.assign(new DatabaseError("told", 4, "error"), { severity, code });

describe("what a PostgreSQL tells", () => {
  it.each([
    ["ERROR", "25006"],
    ["FEHLER", "25006"],
    ["ERREUR", "23505"],
    ["\u041e\u0428\u0418\u0411\u041a\u0410", "53100"],
  ])("as %s %s is its answer, whatever its language: the connection stays", (severity, code) => {
    expect(isServersAnswer(told(severity, code))).toBe(true);
  });

  it.each([
    ["FATAL", "57P01"],
    ["\u0412\u0410\u0416\u041d\u041e", "57P01"],
    ["\u0412\u0410\u0416\u041d\u041e", "25P03"],
    ["PANIC", "XX000"],
  ])("as %s %s ends the connection", (severity, code) => {
    expect(isServersAnswer(told(severity, code))).toBe(false);
  });

  it("an error of the driver is none of the server's", () => {
    expect(isServersAnswer(new Error("Query read timeout"))).toBe(false);
    const broken = Object.assign(new Error("broken"), { code: "ECONNRESET" });
    expect(isServersAnswer(broken)).toBe(false);
  });
});
