import { describe, expect, it } from "vitest";
import { filled, filledOr, isOpen } from "./file.ts";
import { readPorts } from "./ports.ts";

const doors = (row: unknown): string[] =>
  readPorts({ ports: [row] }).doors.map(
    ({ host, port, target }) => `${host ?? "nowhere"} ${port} ${target}`,
  );
const note = (row: unknown): string => readPorts({ ports: [row] }).notes.join(" ");

describe("a published port", () => {
  it.each([
    ["5432:5433", ["* 5432 5433"]],
    ["127.0.0.1:5432:5433", ["127.0.0.1 5432 5433"]],
    ["0.0.0.0:5432:5432/tcp", ["* 5432 5432"]],
    ["[::]:80:80", ["* 80 80"]],
    ["[::1]:80:81", ["[::1] 80 81"]],
    ["::1:80:81", ["[::1] 80 81"]],
    ["[FE80::1]:80:81", ["[fe80::1] 80 81"]],
    ["3000-3002:4000-4002", ["* 3000 4000", "* 3001 4001", "* 3002 4002"]],
    ["${BIND:-127.0.0.1}:${PORT-80}:80", ["127.0.0.1 80 80"]],
    ["${BIND:-::1}:80:80", ["[::1] 80 80"]],
    [{ published: 80, target: 81 }, ["* 80 81"]],
    [{ published: "80", target: "81", host_ip: "127.0.0.1" }, ["127.0.0.1 80 81"]],
    [{ published: "80", target: 81, host_ip: "${BIND:-::1}" }, ["[::1] 80 81"]],
    ["${BIND}:80:81", ["nowhere 80 81"]],
    ["somewhere:80:81", ["nowhere 80 81"]],
  ])("%j leads to %j", (row, found) => {
    expect(doors(row)).toEqual(found);
  });

  it.each([
    ["80", "its port 80 gets a port of this machine at each start"],
    [80, "its port 80 gets a port of this machine at each start"],
    ["127.0.0.1::80", "its port 80 gets a port of this machine at each start"],
    [{ target: 80 }, "its port 80 gets a port of this machine at each start"],
    ["53:53/udp", "its port 53/udp is not looked at"],
    [{ published: 53, target: 53, protocol: "udp" }, "its port 53/udp is not looked at"],
    ["8000-9000:80", "(8000-9000: more than one may)"],
    ["8000-8001:80", "(8000-8001: more than one may)"],
    ["${PORT}:80", "(?: a variable without a default)"],
    ["70000:80", "(70000: more than one may)"],
    ["${BIND}:80:81", "its port 80 listens at no address that the file tells (?)"],
  ])("%j is told: %s", (row, said) => {
    expect(note(row)).toContain(said);
  });

  it("of what is no list are none", () => {
    for (const ports of [undefined, null, "80:80", {}, [null], [[]]]) {
      expect(readPorts({ ports }).doors).toEqual([]);
    }
  });
});

describe("a variable of a compose file", () => {
  it.each([
    ["${A:-b}", "b"],
    ["${A-b}", "b"],
    ["x${A:-b}y", "xby"],
    ["${A:-${B:-c}}", "c"],
    ["${A:+b}", ""],
    ["$$A", "$A"],
    ["$${A:-b}", "${A:-b}"],
    ["plain?", "plain?"],
    [7, "7"],
  ])("%j stands for %j", (text, value) => {
    expect(filled(text)).toBe(value);
    expect(isOpen(text)).toBe(false);
  });

  it.each(["$A", "${A}", "${A:?must}", "x${A}y", "${A:-${B}}"])("%s is open", (text) => {
    expect(isOpen(text)).toBe(true);
    expect(filledOr(text, "standard")).toBe("standard");
  });
});
