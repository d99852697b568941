import { createMerkleTree, leafHash, nodeHash, splitOf } from "./merkle.ts";

/** A tree of which only the leaves from `from` on are at hand. Sizes and indexes count all leaves. */
export interface MerkleTail {
  readonly size: number;
  /** Root of the first `size` leaves; a RangeError below `from` or beyond the end. */
  root(size: number): Buffer;
  /** Leads from leaf `index` (at least `from`) to the root of the first `size`, lowest first. */
  inclusion(index: number, size: number): Buffer[];
  /** Shows that the first `first` leaves (at least `from` and 1) are the beginning of the first `second`. */
  consistency(first: number, second: number): Buffer[];
}

/** `edge` is the right edge of the tree of the `from` leaves before `leaves`. */
export function createMerkleTail(
  from: number,
  edge: readonly Buffer[],
  leaves: readonly Uint8Array[],
): MerkleTail {
  // Refuses an edge of another size.
  createMerkleTree(from, edge);
  const known = edgeNodes(from, edge);
  const size = from + leaves.length;
  const hashOf = (start: number, end: number): Buffer => {
    const node = known.get(`${start}-${end}`);
    if (node) return node;
    const leaf = end - start === 1 ? leaves[start - from] : undefined;
    if (leaf) return leafHash(leaf);
    if (end - start <= 1) throw new RangeError("the leaves are not at hand");
    const middle = start + splitOf(end - start);
    return nodeHash(hashOf(start, middle), hashOf(middle, end));
  };
  const check = (isSound: boolean): void => {
    if (!isSound) throw new RangeError("no such leaves");
  };
  const path = (index: number, start: number, end: number): Buffer[] => {
    if (end - start === 1) return [];
    const middle = start + splitOf(end - start);
    return index < middle
      ? [...path(index, start, middle), hashOf(middle, end)]
      : [...path(index, middle, end), hashOf(start, middle)];
  };
  /** `isWhole`: the old tree is all of this subtree so far, so its root is known to the asker. */
  const grown = (
    first: number,
    [start, end]: readonly [number, number],
    isWhole: boolean,
  ): Buffer[] => {
    if (first === end) return isWhole ? [] : [hashOf(start, end)];
    const middle = start + splitOf(end - start);
    return first <= middle
      ? [...grown(first, [start, middle], isWhole), hashOf(middle, end)]
      : [...grown(first, [middle, end], false), hashOf(start, middle)];
  };
  return {
    size,
    root(of) {
      check(of >= Math.max(1, from) && of <= size);
      return hashOf(0, of);
    },
    inclusion(index, of) {
      check(index >= from && index < of && of <= size);
      return path(index, 0, of);
    },
    consistency(first, second) {
      check(first >= Math.max(1, from) && first <= second && second <= size);
      return grown(first, [0, second], true);
    },
  };
}

/** Size and root of a tree. */
export interface MerkleState {
  readonly size: number;
  readonly root: Uint8Array;
}

/** Whether `proof` shows that the tree of `first` is the beginning of the tree of `second`. */
export function provesConsistency(
  first: MerkleState,
  second: MerkleState,
  proof: readonly Uint8Array[],
): boolean {
  if (first.size < 1 || first.size > second.size) return false;
  if (first.size === second.size)
    return proof.length === 0 && Buffer.compare(first.root, second.root) === 0;
  let fn = first.size - 1;
  let sn = second.size - 1;
  while (fn % 2 === 1) {
    fn = (fn - 1) / 2;
    sn = Math.floor(sn / 2);
  }
  // A whole first tree is a node of the second; its root begins the path.
  const path = fn === 0 ? [first.root, ...proof] : proof;
  const roots = climb(path, fn, sn);
  return roots !== undefined && roots.old.equals(first.root) && roots.now.equals(second.root);
}

/** Both roots that a path leads to; undefined for one of another length. */
function climb(path: readonly Uint8Array[], fn: number, sn: number) {
  const [start, ...steps] = path;
  if (!start) return undefined;
  let old: Buffer = Buffer.from(start);
  let now = old;
  for (const step of steps) {
    if (sn === 0) return undefined;
    if (fn % 2 === 1 || fn === sn) {
      old = nodeHash(step, old);
      now = nodeHash(step, now);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = Math.floor(sn / 2);
      }
    } else now = nodeHash(now, step);
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 ? { old, now } : undefined;
}

/** The subtrees of the right edge by the leaves they stand for. */
function edgeNodes(size: number, edge: readonly Buffer[]): Map<string, Buffer> {
  const nodes = new Map<string, Buffer>();
  let start = 0;
  for (const hash of edge) {
    let width = 1;
    while (start + width * 2 <= size) width *= 2;
    nodes.set(`${start}-${start + width}`, hash);
    start += width;
  }
  return nodes;
}
