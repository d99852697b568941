import { expect, it } from "vitest";
import { modelsSection } from "./config.ts";

it("no registered file has the name that stands for the target's own", () => {
  const takes = (name: string): boolean =>
    modelsSection.safeParse({ registered: { [name]: { path: "a.gguf" } } }).success;
  expect([takes("configured"), takes("next")]).toEqual([false, true]);
});
