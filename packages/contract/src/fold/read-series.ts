/** Reads the series of `mean` and `comparison` without a schema library; null = malformed. */
import type { SampleBlocks, SampleMeans } from "../evidence/record.ts";
import { pairsMax } from "../statistics/comparison.ts";
import { type Data, isFiniteNumber } from "./read-data.ts";

const slicesMax = 86_400;

function isTuple(value: unknown, width: number): value is readonly number[] {
  return Array.isArray(value) && value.length === width && value.every(isFiniteNumber);
}

function isMean(value: unknown): value is readonly [number, number] {
  return isTuple(value, 2) && (value[0] ?? -1) >= 0;
}

function isBlock(value: unknown): value is readonly [number, number, number] {
  return isTuple(value, 3) && value.every((figure) => figure > 0);
}

/** `sample.means`; weights are not negative. */
export function readMeans(d: Data): Omit<SampleMeans, "stream" | "part"> | null {
  const { unit, slices } = d as Readonly<Record<keyof SampleMeans, unknown>>;
  if (typeof unit !== "string" || !Array.isArray(slices) || slices.length > slicesMax) return null;
  return slices.every(isMean) ? { unit, slices } : null;
}

/** `sample.blocks`; every figure is above 0. */
export function readBlocks(d: Data): Omit<SampleBlocks, "stream" | "part"> | null {
  const { unit, blocks } = d as Readonly<Record<keyof SampleBlocks, unknown>>;
  if (typeof unit !== "string" || !Array.isArray(blocks) || blocks.length > pairsMax) return null;
  return blocks.every(isBlock) ? { unit, blocks } : null;
}
