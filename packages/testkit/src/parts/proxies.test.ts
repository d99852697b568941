import { describe, expect, it } from "vitest";
import { haproxy } from "./haproxy.ts";
import { nginx } from "./nginx.ts";
import type { Part, PartsEnvironment } from "./part.ts";

const saying = (text: string): PartsEnvironment => ({
  partsDir: "/parts",
  hidden: new Set(),
  required: new Set(),
  run: () => Promise.resolve({ ok: true, text }),
});

const rows: readonly (readonly [Part, string, string])[] = [
  [haproxy, "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\n", "2.6.12"],
  [nginx, "nginx version: nginx/1.22.1\n", "1.22.1"],
];

describe.each(rows)("$id", (part, text, version) => {
  it("is found by what it says of itself", async () => {
    expect(await part.probe(saying(text))).toMatchObject({ id: part.id, version });
  });

  it("is missing when another program bears its name", async () => {
    const answer = await part.probe(saying("something 1.2.3\n"));
    expect(answer).toMatchObject({ reason: expect.stringContaining("another program") });
  });

  it("is missing with the reason when it cannot be run", async () => {
    const run = () => Promise.resolve({ ok: false, reason: "no such file" } as const);
    expect(await part.probe({ ...saying(""), run })).toEqual({
      id: part.id,
      reason: "no such file",
    });
  });
});
