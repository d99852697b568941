import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
const schemes = ["light", "dark"] as const;
const marks = ["passed", "failed", "inconclusive", "not-tested", "error", "waived"];

/** What a person sees, in linear light: as it is, and with one kind of cone missing (Machado 2009). */
const whole: Matrix = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
const protanopia: Matrix = [
  [0.152286, 1.052583, -0.204868],
  [0.114503, 0.786281, 0.099216],
  [-0.003882, -0.048116, 1.051998],
];
const deuteranopia: Matrix = [
  [0.367322, 0.860646, -0.227968],
  [0.280085, 0.672501, 0.047413],
  [-0.01182, 0.04294, 0.968881],
];
const tritanopia: Matrix = [
  [1.255528, -0.076749, -0.178779],
  [-0.078411, 0.930809, 0.147602],
  [0.004733, 0.691367, 0.3039],
];
const sights = Object.entries({ whole, protanopia, deuteranopia, tritanopia });
const xyz: Matrix = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
];

const dot = (a: Triple, b: Triple): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const times = (m: Matrix, v: Triple): Triple => [dot(m[0], v), dot(m[1], v), dot(m[2], v)];
const within = (value: number): number => Math.min(1, Math.max(0, value));

/** A token's colour in linear light. */
function colourOf(token: string, scheme: (typeof schemes)[number]): Triple {
  const found = new RegExp(`--${token}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(css);
  const hex = found?.[scheme === "light" ? 1 : 2] ?? "";
  const channel = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

/** WCAG's contrast of two colours. */
function contrast(a: Triple, b: Triple): number {
  const [high = 0, low = 0] = [dot(xyz[1], a), dot(xyz[1], b)].toSorted((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

/** CIE L*a*b* under D65. */
function labOf(linear: Triple): Triple {
  const [x, y, z] = times(xyz, linear);
  const f = (t: number): number =>
    t > 216 / 24_389 ? Math.cbrt(t) : ((24_389 / 27) * t + 16) / 116;
  const [fx, fy, fz] = [f(x / 0.95047), f(y), f(z / 1.08883)];
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

/** CIE76 distance as somebody with this sight sees it. */
function distance(a: Triple, b: Triple, sight: Matrix): number {
  const seen = (colour: Triple): Triple => {
    const [r, g, bl] = times(sight, colour);
    return labOf([within(r), within(g), within(bl)]);
  };
  const [from, to] = [seen(a), seen(b)];
  return Math.hypot(from[0] - to[0], from[1] - to[1], from[2] - to[2]);
}

describe.each(schemes)("colours of the marks, %s", (scheme) => {
  it.each(marks)("%s stands out from the panel it lies on, and from the page", (mark) => {
    const colour = colourOf(mark, scheme);
    const seen = contrast(colour, colourOf("panel", scheme));
    expect(Math.round(seen * 10) / 10).toBeGreaterThanOrEqual(3.3);
    expect(contrast(colour, colourOf("page", scheme))).toBeGreaterThanOrEqual(3);
  });

  it.each(["ink", "muted", "link"])("words in %s can be read wherever they stand", (token) => {
    for (const ground of ["panel", "page", "wash"]) {
      const seen = contrast(colourOf(token, scheme), colourOf(ground, scheme));
      expect(seen, ground).toBeGreaterThanOrEqual(4.5);
    }
  });

  it.each(sights)("no two marks are alike, sight: %s", (_name, sight) => {
    for (const [index, one] of marks.entries()) {
      for (const other of marks.slice(index + 1)) {
        const far = distance(colourOf(one, scheme), colourOf(other, scheme), sight);
        expect(far, `${one} and ${other}`).toBeGreaterThanOrEqual(18);
      }
    }
  });
});

describe("the measures themselves", () => {
  it("black on white is 21 to 1, and red and green come near where red cones are missing", () => {
    expect(contrast([0, 0, 0], [1, 1, 1])).toBeCloseTo(21);
    expect(labOf([1, 1, 1])[0]).toBeCloseTo(100);
    const red: Triple = [0.4, 0.05, 0.05];
    const green: Triple = [0.05, 0.1, 0.04];
    expect(distance(red, green, protanopia)).toBeLessThan(distance(red, green, whole) / 2);
  });
});
