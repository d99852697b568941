import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMerkleTree, emptyRoot, leafHash, merkleProof, provesLeaf } from "./index.ts";

/** Inputs and roots published with the reference log of RFC 6962. */
const inputs = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
];
const roots = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const leaves = inputs.map((hex) => Buffer.from(hex, "hex"));

describe("merkle tree", () => {
  it("gives the published roots of RFC 6962's reference inputs at every size", () => {
    const tree = createMerkleTree();
    expect(tree.root()).toEqual(emptyRoot());
    expect(emptyRoot().toString("hex")).toMatch(/^e3b0c44298fc1c14/);
    leaves.forEach((leaf, i) => {
      tree.add(leaf);
      expect(tree.root().toString("hex")).toBe(roots[i]);
    });
    expect(leafHash(Buffer.alloc(0)).toString("hex")).toBe(roots[0]);
  });

  it("goes on from an edge as if it had never stopped", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 40 }),
        fc.nat(40),
        (all, n) => {
          const cut = Math.min(n, all.length);
          const whole = createMerkleTree();
          for (const leaf of all) whole.add(leaf);
          const first = createMerkleTree();
          for (const leaf of all.slice(0, cut)) first.add(leaf);
          const second = createMerkleTree(first.size(), first.edge());
          for (const leaf of all.slice(cut)) second.add(leaf);
          expect(second.root()).toEqual(whole.root());
          expect(second.size()).toBe(all.length);
        },
      ),
    );
  });

  it("an edge of another size is refused", () => {
    expect(() => createMerkleTree(3, [leafHash(Buffer.alloc(1))])).toThrow(RangeError);
  });

  it("a proof leads from its own leaf to the root and from no other leaf, place or size", () => {
    for (let size = 1; size <= leaves.length; size++) {
      const some = leaves.slice(0, size);
      const tree = createMerkleTree();
      for (const leaf of some) tree.add(leaf);
      some.forEach((leaf, index) => {
        const proof = merkleProof(some, index);
        expect(provesLeaf(leaf, { index, size }, proof, tree.root())).toBe(true);
        const other = Buffer.from("other");
        expect(provesLeaf(other, { index, size }, proof, tree.root())).toBe(false);
        expect(provesLeaf(leaf, { index: index + 1, size }, proof, tree.root())).toBe(false);
        if (size > 1)
          expect(provesLeaf(leaf, { index, size }, proof.slice(1), tree.root())).toBe(false);
      });
    }
    expect(() => merkleProof(leaves, leaves.length)).toThrow(RangeError);
    expect(() => merkleProof(leaves, -1)).toThrow(RangeError);
  });
});
