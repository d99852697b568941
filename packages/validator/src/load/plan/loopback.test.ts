import { describe, expect, it } from "vitest";
import { isLoopback } from "./loopback.ts";

describe("hosts of this machine", () => {
  it.each(["http://localhost:1", "http://127.0.0.1", "http://127.8.9.10:80", "https://[::1]:9/v1"])(
    "%s is one",
    (url) => {
      expect(isLoopback(new URL(url).hostname)).toBe(true);
    },
  );

  it.each([
    "http://127.0.0.1.example",
    "http://localhost.example",
    "http://[::2]",
    "http://10.0.0.1",
  ])("%s is none", (url) => {
    expect(isLoopback(new URL(url).hostname)).toBe(false);
  });
});
