import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createMerkleTail,
  createMerkleTree,
  type MerkleTree,
  merkleProof,
  provesConsistency,
  provesLeaf,
} from "./index.ts";

const leavesOf = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, i) => Buffer.from(`leaf ${i}`));

function treeOf(leaves: readonly Uint8Array[]): MerkleTree {
  const tree = createMerkleTree();
  for (const leaf of leaves) tree.add(leaf);
  return tree;
}

/** The tail of `all` from `from` on. */
function tailOf(all: readonly Buffer[], from: number) {
  return createMerkleTail(from, treeOf(all.slice(0, from)).edge(), all.slice(from));
}

describe("merkle tail", () => {
  it("gives the roots and proofs of the whole tree for every cut, leaf and size up to 20", () => {
    for (let size = 1; size <= 20; size++) {
      const all = leavesOf(size);
      for (let from = 0; from <= size; from++) {
        const tail = tailOf(all, from);
        for (let of = Math.max(1, from); of <= size; of++) {
          const some = all.slice(0, of);
          const root = treeOf(some).root();
          expect(tail.root(of)).toEqual(root);
          for (let index = from; index < of; index++) {
            const proof = tail.inclusion(index, of);
            expect(proof).toEqual(merkleProof(some, index));
            expect(
              provesLeaf(all[index] ?? Buffer.alloc(0), { index, size: of }, proof, root),
            ).toBe(true);
          }
        }
      }
    }
  });

  it("shows each earlier size to be the beginning of each later one, and no other root", () => {
    const all = leavesOf(33);
    const roots = all.map((_, i) => treeOf(all.slice(0, i + 1)).root());
    const rootAt = (size: number): Buffer => roots[size - 1] ?? Buffer.alloc(0);
    for (let from = 0; from <= 33; from += 3) {
      const tail = tailOf(all, from);
      for (let first = Math.max(1, from); first <= 33; first++) {
        for (let second = first; second <= 33; second++) {
          const proof = tail.consistency(first, second);
          const old = { size: first, root: rootAt(first) };
          const now = { size: second, root: rootAt(second) };
          expect(provesConsistency(old, now, proof)).toBe(true);
          if (first === second) continue;
          const other = Buffer.from(old.root);
          other[0] = (other[0] ?? 0) ^ 1;
          expect(provesConsistency({ ...old, root: other }, now, proof)).toBe(false);
          expect(provesConsistency(old, { ...now, root: other }, proof)).toBe(false);
          expect(provesConsistency(old, now, [...proof, other])).toBe(false);
        }
      }
    }
  });

  it("a rewritten beginning is never shown to be the old one", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 40 }),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 20 }),
        (size, cut, at, more) => {
          const all = leavesOf(size + more);
          const first = 1 + (cut % size);
          const changed = all.map((leaf, i) => (i === at % first ? Buffer.from("other") : leaf));
          const old = { size: first, root: treeOf(all.slice(0, first)).root() };
          const now = { size: changed.length, root: treeOf(changed).root() };
          const proof = tailOf(changed, 0).consistency(first, changed.length);
          expect(provesConsistency(old, now, proof)).toBe(false);
        },
      ),
    );
  });

  it("refuses what lies before its leaves or behind them, and an edge of another size", () => {
    const tail = tailOf(leavesOf(10), 6);
    expect(tail.size).toBe(10);
    expect(() => tail.inclusion(5, 10)).toThrow(RangeError);
    expect(() => tail.inclusion(10, 10)).toThrow(RangeError);
    expect(() => tail.inclusion(7, 11)).toThrow(RangeError);
    expect(() => tail.root(5)).toThrow(RangeError);
    expect(() => tail.root(11)).toThrow(RangeError);
    expect(() => tail.consistency(5, 10)).toThrow(RangeError);
    expect(() => tail.consistency(9, 8)).toThrow(RangeError);
    expect(() => tailOf(leavesOf(2), 0).consistency(0, 2)).toThrow(RangeError);
    expect(() => createMerkleTail(3, [Buffer.alloc(32)], [])).toThrow(RangeError);
    const none = { size: 0, root: Buffer.alloc(32) };
    expect(provesConsistency(none, none, [])).toBe(false);
    const five = { size: 5, root: Buffer.alloc(32) };
    expect(provesConsistency(five, { ...five, size: 6 }, [])).toBe(false);
  });
});
