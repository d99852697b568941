import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalJson } from "@loadline/contract/canonical-json";
import { createMerkleTree } from "@loadline/kit/merkle";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  chainBegin,
  type CheckpointRecord,
  readCheckpoint,
  signCheckpoint,
  startOf,
} from "./checkpoint.ts";
import {
  loadSigningKey,
  loadVerifyingKey,
  type SigningKey,
  type VerifyingKey,
} from "./signing-key.ts";

const removed = 3;
let dirs: string[];
let key: SigningKey;
let verifying: VerifyingKey;
let other: SigningKey;
let record: CheckpointRecord;

beforeAll(() => {
  dirs = [0, 1].map(() => mkdtempSync(join(tmpdir(), "ll-checkpoint-")));
  const [own = "", foreign = ""] = dirs;
  key = loadSigningKey(own);
  verifying = loadVerifyingKey(own);
  other = loadSigningKey(foreign);
  const tree = createMerkleTree(0, []);
  for (let i = 0; i < removed; i++) tree.add(Buffer.alloc(32, i));
  record = {
    v: 1,
    tenant: "acme",
    size: removed,
    hash: "a".repeat(64),
    edge: tree.edge().map((one) => one.toString("hex")),
    before: "2026-01-31",
    ts: "2026-05-01T00:00:00.000Z",
    keyId: key.id,
  };
});
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

const read = (signed: object, tenant = "acme") =>
  readCheckpoint(canonicalJson(signed), tenant, verifying);

describe("a checkpoint", () => {
  it("is read as it was signed, and the chain goes on behind what it stands for", () => {
    const signed = signCheckpoint(record, key);
    expect(read(signed)).toEqual(signed);
    const edge = record.edge.map((hex) => Buffer.from(hex, "hex"));
    expect(startOf(signed)).toEqual({ seq: removed, prev: record.hash, edge });
    expect(startOf(undefined)).toBe(chainBegin);
  });

  it("of another tenant stands for nothing", () => {
    expect(read(signCheckpoint(record, key), "other")).toBe(undefined);
  });

  it("with one member changed stands for nothing, whichever it is", () => {
    const signed = signCheckpoint(record, key);
    const changes: Record<string, unknown> = {
      size: 2,
      hash: "b".repeat(64),
      edge: record.edge.toReversed(),
      before: "2026-02-01",
      ts: "2026-05-01T00:00:00.001Z",
      keyId: other.id,
      sig: signCheckpoint(record, other).sig,
    };
    for (const [name, value] of Object.entries(changes))
      expect([name, read({ ...signed, [name]: value })]).toEqual([name, undefined]);
  });

  it("that names another key than the one that signed it stands for nothing", () => {
    expect(read(signCheckpoint({ ...record, keyId: other.id }, key))).toBe(undefined);
    expect(read(signCheckpoint(record, other))).toBe(undefined);
  });

  it("whose edge is not that of a tree of its size stands for nothing, signed or not", () => {
    const [first = ""] = record.edge;
    for (const edge of [[], [first], [first, first, first]])
      expect(read(signCheckpoint({ ...record, edge }, key))).toBe(undefined);
  });

  it("a text that is none stands for nothing", () => {
    const signed = signCheckpoint(record, key);
    for (const text of ["", "{", "null", canonicalJson({ ...signed, more: 1 })])
      expect(readCheckpoint(text, "acme", verifying)).toBe(undefined);
  });
});
