import { expect, test } from "vitest";
import { claimKinds } from "./claim.ts";
import { compareImportance } from "./importance.ts";

test("required before optional, samples before limits before yes or no, and nothing before itself", () => {
  const kinds = claimKinds.flatMap((kind) => [
    { kind, required: false },
    { kind, required: true },
  ]);
  const sorted = kinds.toSorted(compareImportance);
  const first = sorted.slice(0, claimKinds.length);
  expect(first.every(({ required }) => required)).toBe(true);
  expect(new Set(first.slice(0, 2).map(({ kind }) => kind))).toEqual(
    new Set(["proportion", "quantile"]),
  );
  expect(first.at(-1)?.kind).toBe("predicate");
  for (const claim of kinds) expect(compareImportance(claim, claim)).toBe(0);
});

test("claims of equal rank keep the order of the plan", () => {
  const claims = ["a", "b", "c"].map((id) => ({ id, kind: "quantile" as const, required: true }));
  expect(claims.toSorted(compareImportance).map(({ id }) => id)).toEqual(["a", "b", "c"]);
});
