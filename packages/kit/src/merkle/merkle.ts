import { createHash } from "node:crypto";

/** A growing tree that keeps its right edge only: at most one hash per power of two. */
export interface MerkleTree {
  /** Appends a leaf; `data` is hashed as RFC 6962 says. */
  add(data: Uint8Array): void;
  size(): number;
  root(): Buffer;
  /** The right edge, largest subtree first: enough to go on from `size()`. */
  edge(): readonly Buffer[];
}

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

/** Root of a tree without leaves. */
export function emptyRoot(): Buffer {
  return createHash("sha256").digest();
}

export function leafHash(data: Uint8Array): Buffer {
  return createHash("sha256").update(leafPrefix).update(data).digest();
}

/** Hash of an inner node. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash("sha256").update(nodePrefix).update(left).update(right).digest();
}

/** Starts empty, or where another tree stood: `edge` must have one hash per bit set in `size`. */
export function createMerkleTree(size = 0, edge: readonly Buffer[] = []): MerkleTree {
  if (edge.length !== bitsOf(size)) throw new RangeError("the edge is not one of this size");
  const stack = [...edge];
  let count = size;
  return {
    add(data) {
      let hash = leafHash(data);
      for (let n = count; n % 2 === 1; n = (n - 1) / 2) {
        const left = stack.pop();
        if (left) hash = nodeHash(left, hash);
      }
      stack.push(hash);
      count++;
    },
    size: () => count,
    root() {
      const last = stack.at(-1);
      if (!last) return emptyRoot();
      return stack.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
    },
    edge: () => [...stack],
  };
}

/** The hashes that lead from leaf `index` to the root of `leaves`, lowest first. */
export function merkleProof(leaves: readonly Uint8Array[], index: number): Buffer[] {
  if (!(index >= 0 && index < leaves.length)) throw new RangeError("no such leaf");
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  const left = leaves.slice(0, split);
  const right = leaves.slice(split);
  return index < split
    ? [...merkleProof(left, index), rootOf(right)]
    : [...merkleProof(right, index - split), rootOf(left)];
}

/** Whether `proof` leads from `data` as leaf `index` of `size` to `root`. */
export function provesLeaf(
  data: Uint8Array,
  at: { readonly index: number; readonly size: number },
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  let index = at.index;
  let last = at.size - 1;
  if (!(index >= 0 && index <= last)) return false;
  let hash = leafHash(data);
  for (const step of proof) {
    if (last === 0) return false;
    if (index % 2 === 1 || index === last) {
      hash = nodeHash(step, hash);
      while (index % 2 === 0 && index !== 0) {
        index = index / 2;
        last = Math.floor(last / 2);
      }
    } else hash = nodeHash(hash, step);
    index = Math.floor(index / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && hash.equals(root);
}

function rootOf(leaves: readonly Uint8Array[]): Buffer {
  const tree = createMerkleTree();
  for (const leaf of leaves) tree.add(leaf);
  return tree.root();
}

/** Largest power of two below `size`, which is at least 2. */
export function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

function bitsOf(size: number): number {
  let bits = 0;
  for (let n = size; n > 0; n = Math.floor(n / 2)) bits += n % 2;
  return bits;
}
