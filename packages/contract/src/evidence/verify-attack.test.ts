/** Attempts to change a bundle so that `verify` still agrees; the attacker has no signing key. */
import { createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { encode, makeBundle, sealBundle, sha256, type TestBundle } from "../../test/support.ts";
import { type KnownKey, makeEnvelope, type Signer } from "../attestation/dsse.ts";
import { makeStatements, statementBytes, targetBytes } from "../attestation/statement.ts";
import { planFileText, type RunPlan } from "../plan/run-plan.ts";
import { buildReportModel } from "../report-build.ts";
import type { ReportModel } from "../report-model.ts";
import { startMiniRun } from "../sabotage/mini-run.ts";
import { canonicalJson } from "./canonical-json.ts";
import { recordLine } from "./chain.ts";
import { isAttestation, isPlanSource, isView, manifestInput, type Manifest } from "./manifest.ts";
import { parseJson, readPlan } from "./read-record.ts";
import { verifyBundle, type VerifyResult } from "./verify.ts";

const planText = "target: { url: http://127.0.0.1:9/v1 }\nclaims: [] # as it was given\n";
const render = (model: ReportModel): string => `outcome ${model.verdict.outcome}\n`;
const envelopePath = "attestations/readiness.dsse.json";

function makeKey(): { signer: Signer; known: KnownKey } {
  const { privateKey } = generateKeyPairSync("ed25519");
  const publicKey = createPublicKey(privateKey);
  const keyId = sha256(publicKey.export({ type: "spki", format: "der" }));
  const algorithm = "ed25519" as const;
  return {
    signer: { keyId, algorithm, sign: (bytes) => sign(null, bytes, privateKey) },
    known: { keyId, algorithm, verify: (bytes, sig) => verify(null, bytes, publicKey, sig) },
  };
}

function signed({ files, run }: TestBundle, signer: Signer): void {
  const document = run.fold();
  const { readiness } = makeStatements(document, sha256(targetBytes(document)));
  const envelope = makeEnvelope(statementBytes(readiness), [signer]);
  files.set(envelopePath, encode(canonicalJson(envelope)));
}

let owner: ReturnType<typeof makeKey>;
let stranger: ReturnType<typeof makeKey>;
beforeAll(() => {
  [owner, stranger] = [makeKey(), makeKey()];
});

/** A signed bundle with its plan file and a view, as a run leaves it. */
function whole(): TestBundle {
  const bundle = makeBundle(planText);
  const { plan, records } = bundle.run;
  const model = buildReportModel({ plan, planText, records, verdict: bundle.run.fold() });
  bundle.files.set("report.md", encode(render(model)));
  signed(bundle, owner.signer);
  return bundle;
}

const check = (files: ReadonlyMap<string, Uint8Array>): Promise<VerifyResult> =>
  verifyBundle(files, {
    digest: sha256,
    renderers: { "report.md": render },
    signatures: { keys: [owner.known], requireSignature: true },
  });

const text = (files: ReadonlyMap<string, Uint8Array>, path: string): string =>
  new TextDecoder().decode(files.get(path));

/** An envelope says the same with other spaces: what is signed is the payload. */
function isSameJson(a: Uint8Array, b: Uint8Array): boolean {
  const value = (bytes: Uint8Array): unknown => parseJson(new TextDecoder().decode(bytes));
  return canonicalJson(value(a) ?? null) === canonicalJson(value(b));
}

/** Changes the manifest and its own digest, as anybody can. */
function editManifest(files: Map<string, Uint8Array>, over: Partial<Manifest>): void {
  const { digest: _digest, ...open } = JSON.parse(
    text(files, "manifest.json"),
  ) as unknown as Manifest;
  const edited = { ...open, ...over };
  const document = { ...edited, digest: sha256(manifestInput(edited)) };
  files.set("manifest.json", encode(`${canonicalJson(document)}\n`));
}

test("the untouched bundle is intact and signed, so every attack below begins at exit 0", async () => {
  const result = await check(whole().files);
  expect(result.steps.filter(({ ok }) => ok !== true)).toEqual([]);
  expect([result.exit, result.outcome]).toEqual([0, "READY"]);
});

describe("bytes", () => {
  /** A flip, a cut, an addition or another order of lines, at a place of any file. */
  const edits: readonly ((bytes: Uint8Array, at: number) => Uint8Array)[] = [
    (bytes, at) => bytes.map((byte, index) => (index === at ? byte ^ (1 << (at % 8)) : byte)),
    (bytes, at) => bytes.slice(0, at),
    (bytes, at) => Uint8Array.from([...bytes.slice(0, at), 32, ...bytes.slice(at)]),
    (bytes, at) => Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + 1)]),
    (bytes) => encode(new TextDecoder().decode(bytes).split("\n").reverse().join("\n")),
    (bytes) => Uint8Array.from([...bytes, ...bytes]),
  ];

  test("no change of any file is accepted, though the manifest is written anew to fit", async () => {
    const { files, run } = whole();
    const change = fc.record({
      path: fc.constantFrom(...files.keys()),
      at: fc.nat(100_000),
      edit: fc.constantFrom(...edits),
      isSealed: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ path, at, edit, isSealed }) => {
        const bytes = files.get(path) ?? new Uint8Array();
        const changed = edit(bytes, at % Math.max(1, bytes.length));
        fc.pre(Buffer.compare(changed, bytes) !== 0);
        fc.pre(path !== envelopePath || !isSameJson(changed, bytes));
        const forged = new Map([...files, [path, changed]]);
        if (isSealed && path !== "manifest.json") sealBundle(forged, run);
        expect((await check(forged)).exit, `${path} ${isSealed}`).not.toBe(0);
      }),
      { numRuns: 80 },
    );
  });

  test("no file can be taken away, whether the manifest still lists it or not", async () => {
    const { files, run } = whole();
    for (const path of files.keys()) {
      const without = new Map(files);
      without.delete(path);
      // A view is rendered from the bundle and is not part of it.
      if (!isView(path)) expect((await check(without)).exit, path).not.toBe(0);
      if (path === "manifest.json") continue;
      sealBundle(without, run);
      if (!isView(path)) expect((await check(without)).exit, `${path}, sealed`).not.toBe(0);
    }
  });

  test("no file can be added that the chain does not fix, listed or not", async () => {
    const { files, run } = whole();
    const names = fc.constantFrom(
      "notes.txt",
      "plan.yml",
      "plan.md",
      "artifacts/readme",
      `artifacts/${"0".repeat(64)}`,
      "attestations/x.json",
      "verdict.yaml",
      "evidence.jsonl.bak",
      "../outside",
      "sub/plan.json",
    );
    await fc.assert(
      fc.asyncProperty(names, fc.string(), fc.boolean(), async (path, content, isSealed) => {
        const more = new Map([...files, [path, encode(content)]]);
        if (isSealed) sealBundle(more, run);
        const result = await check(more);
        expect(result.exit, path).toBe(1);
      }),
      { numRuns: 60 },
    );
    expect([...files.keys()].filter((path) => isPlanSource(path))).toEqual(["plan.yaml"]);
    expect([...files.keys()].filter((path) => isAttestation(path))).toEqual([envelopePath]);
  });
});

describe("the manifest", () => {
  const zeros = "0".repeat(64);
  test.each<[string, Partial<Manifest>]>([
    ["another run", { run: "run-2" }],
    ["another version of the tool", { toolVersion: "9.9.9" }],
    ["another build", { buildDigest: zeros }],
    ["another plan", { planDigest: zeros }],
    ["another number of records", { recordCount: 3 }],
    ["another chain head", { chainHead: zeros }],
    ["no files", { files: [] }],
  ])("that names %s is refused, though its own digest fits", async (_, over) => {
    const { files } = whole();
    editManifest(files, over);
    expect((await check(files)).exit).toBe(1);
  });

  test("that lists a file twice is refused", async () => {
    const { files } = whole();
    const { files: rows } = JSON.parse(text(files, "manifest.json")) as unknown as Manifest;
    editManifest(files, { files: [...rows, ...rows.slice(0, 1)] });
    const result = await check(files);
    expect(result.exit).toBe(1);
    expect(result.steps[0]?.message).toContain("lists a file twice");
  });
});

/** The whole bundle made again from the start, by somebody who may write what he likes. */
function remade(
  over: (plan: RunPlan) => RunPlan,
  isKept: (at: number) => boolean = () => true,
): TestBundle {
  const { run } = makeBundle(planText);
  const plan = over(run.plan);
  const planFile = { name: "plan.yaml", digest: sha256(encode(planText)) };
  const started = { planFile };
  const again = startMiniRun(plan.claims, { digest: sha256, run: "run-1", started, plan });
  for (const [at, { kind, claims, data, refs }] of run.records.entries()) {
    if (kind !== "run.started" && isKept(at)) again.add({ kind, claims, data, refs });
  }
  const files = new Map(makeBundle(planText).files);
  files.set("plan.json", encode(planFileText(again.plan)));
  files.set("evidence.jsonl", encode(again.records.map(recordLine).join("")));
  files.set("verdict.json", encode(`${canonicalJson(again.fold())}\n`));
  sealBundle(files, again);
  return { files, run: again };
}

describe("a bundle made again from the start", () => {
  const easier = (plan: RunPlan): RunPlan => ({
    ...plan,
    claims: plan.claims.map((claim) =>
      claim.target === undefined ? claim : { ...claim, target: claim.target / 2 },
    ),
  });

  test("is consistent, which is all that it is: with the old signature it is refused", async () => {
    for (const bundle of [
      remade(easier),
      remade(
        (plan) => plan,
        (at) => at !== 2,
      ),
    ]) {
      expect((await verifyBundle(bundle.files, { digest: sha256 })).exit).toBe(0);
      const old = whole().files.get(envelopePath);
      bundle.files.set(envelopePath, old ?? new Uint8Array());
      const result = await check(bundle.files);
      expect(result.exit).toBe(1);
      expect(result.steps.at(-1)?.code).toBe("LL_VERIFY_SIGNATURE");
    }
  });

  test("is of unknown origin without a signature, or with a stranger's", async () => {
    const bare = remade(easier);
    expect((await check(bare.files)).exit).toBe(2);
    signed(bare, stranger.signer);
    const result = await check(bare.files);
    expect(result.exit).toBe(2);
    expect(result.signatures.map(({ state }) => state)).toEqual(["unknown"]);
    expect(result.proves).toEqual([]);
    const lenient = await verifyBundle(bare.files, {
      digest: sha256,
      signatures: { keys: [owner.known] },
    });
    expect(lenient.proves.join()).not.toContain("keys");
    expect(lenient.doesNotProve.join()).toContain("no known key signed it");
  });

  test("with a stranger's name under the owner's key is refused", async () => {
    const bundle = remade(easier);
    signed(bundle, { ...stranger.signer, keyId: owner.signer.keyId });
    expect((await check(bundle.files)).exit).toBe(1);
  });
});

describe("a plan that would let anything pass is no plan", () => {
  const claimsWith =
    (over: object) =>
    (plan: RunPlan): RunPlan => ({
      ...plan,
      claims: plan.claims.map((claim) => ({ ...claim, ...over })),
    });
  test.each<[string, (plan: RunPlan) => RunPlan]>([
    ["of no confidence", claimsWith({ confidence: 0.01 })],
    ["of a confidence over 1", claimsWith({ confidence: 1.5 })],
    ["of no observation", claimsWith({ min: 0 })],
    ["of half an observation", claimsWith({ min: 0.5 })],
    ["of a negative share", claimsWith({ target: -1 })],
    ["of a mode that is none", claimsWith({ mode: "first" })],
    ["of a broken check made good a thousand times", (plan) => ({ ...plan, retries: 1_000 })],
    ["of half a retry", (plan) => ({ ...plan, retries: 0.5 })],
    ["of imports of 31 days", (plan) => ({ ...plan, maxAgeMs: 31 * 86_400_000 })],
    ["of imports that are never stale", (plan) => ({ ...plan, maxAgeMs: Number.MAX_VALUE })],
    ["of imports of no age", (plan) => ({ ...plan, maxAgeMs: 0 })],
    ["with one claim twice", (plan) => ({ ...plan, claims: [...plan.claims, ...plan.claims] })],
  ])("%s: unreadable, though the whole bundle was made for it", async (_, over) => {
    const { files, run } = remade(over);
    expect(readPlan(run.plan)).toBeNull();
    const result = await verifyBundle(files, { digest: sha256 });
    expect(result.exit).toBe(3);
    expect(result.outcome).toBeUndefined();
    expect((await verifyBundle(remade((plan) => plan).files, { digest: sha256 })).exit).toBe(0);
  });

  test("at the bounds of what a plan may say it is one", async () => {
    const edges: readonly Partial<RunPlan>[] = [
      { retries: 0, maxAgeMs: 1 },
      { retries: 2, maxAgeMs: 30 * 86_400_000 },
    ];
    for (const edge of edges) {
      const { files, run } = remade((plan) => ({
        ...claimsWith({ mode: "sequential" })(plan),
        ...edge,
      }));
      expect(readPlan(run.plan)).toMatchObject(edge);
      expect((await verifyBundle(files, { digest: sha256 })).exit).not.toBe(3);
    }
  });

  test("with a number of waivers that is none", () => {
    const { plan } = makeBundle(planText).run;
    expect(readPlan(plan)).not.toBeNull();
    for (const maxWaived of [-1, 0.5, Number.NaN, "3", undefined]) {
      expect(readPlan({ ...plan, maxWaived }), String(maxWaived)).toBeNull();
    }
  });
});

test.each([
  ["plan.json", '{"claims":[],"target":{},'],
  ["verdict.json", '{"claims":[],"outcome":"READY","target":"",'],
])(
  "%s with a key twice, or with other spaces, is refused though it reads the same",
  async (path, twice) => {
    const { files, run } = whole();
    const said = text(files, path);
    for (const other of [said.replace("{", twice), said.replace(/\n$/, " \n")]) {
      expect(parseJson(other)).toEqual(parseJson(said));
      files.set(path, encode(other));
      sealBundle(files, run);
      expect((await check(files)).exit).toBe(1);
    }
  },
);

test("a view that cannot be rendered here is named as not compared, never passed over", async () => {
  const { files } = whole();
  files.set("report.pdf", encode("READY"));
  const result = await check(files);
  expect(result.exit).toBe(0);
  const step = result.steps.find(({ step: name }) => name === "verdict");
  expect(step?.message).toContain("report.pdf cannot be rendered here and was not compared");
});

test("a plan file that no record names leaves the bundle incomplete", async () => {
  const { files, run } = makeBundle();
  files.set("plan.yaml", encode(planText));
  sealBundle(files, run);
  const result = await verifyBundle(files, { digest: sha256 });
  expect(result.exit).toBe(2);
  expect(result.steps.find(({ step }) => step === "plan")?.message).toContain("No record says");
});
