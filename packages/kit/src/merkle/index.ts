/**
 * RFC 6962 Merkle trees over SHA-256: one root states every leaf and their order.
 *
 * ```ts
 * const tree = createMerkleTree();
 * tree.add(Buffer.from("first entry"));
 * tree.root(); // 32 bytes
 * ```
 */
export { createMerkleTree, emptyRoot, leafHash, merkleProof, provesLeaf } from "./merkle.ts";
export type { MerkleTree } from "./merkle.ts";
export { createMerkleTail, provesConsistency } from "./tail.ts";
export type { MerkleTail } from "./tail.ts";
