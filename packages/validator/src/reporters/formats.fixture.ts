/** Own strict checks of published formats, written from their texts; unknown keys are problems. */
import { z } from "zod";

const text = z.strictObject({ text: z.string() });
const location = z.strictObject({
  physicalLocation: z.strictObject({
    artifactLocation: z.strictObject({ uri: z.string().min(1) }),
    region: z.strictObject({ startLine: z.int().min(1) }),
  }),
});
const kinds = ["notApplicable", "pass", "fail", "review", "open", "informational"] as const;
const levels = ["none", "note", "warning", "error"] as const;
const bag = z.record(z.string(), z.unknown());
const instant = z.iso.datetime();

/** SARIF 2.1.0, sections 3.13 to 3.35 as far as we write them. */
const sarif = z.strictObject({
  $schema: z.url(),
  version: z.literal("2.1.0"),
  runs: z
    .array(
      z.strictObject({
        tool: z.strictObject({
          driver: z.strictObject({
            name: z.string().min(1),
            version: z.string().optional(),
            rules: z.array(
              z.strictObject({ id: z.string().min(1), shortDescription: text, properties: bag }),
            ),
          }),
        }),
        columnKind: z.enum(["utf16CodeUnits", "unicodeCodePoints"]),
        properties: bag,
        invocations: z
          .array(
            z.strictObject({
              executionSuccessful: z.boolean(),
              startTimeUtc: instant,
              endTimeUtc: instant,
              toolExecutionNotifications: z.array(
                z.strictObject({
                  descriptor: z.strictObject({ id: z.string().min(1) }),
                  level: z.enum(levels),
                  message: text,
                }),
              ),
            }),
          )
          .optional(),
        results: z.array(
          z
            .strictObject({
              ruleId: z.string().min(1),
              message: text,
              locations: z.array(location),
              partialFingerprints: z.record(z.string(), z.string()),
              kind: z.enum(kinds).optional(),
              level: z.enum(levels),
              properties: bag.optional(),
              suppressions: z
                .array(
                  z.strictObject({
                    kind: z.enum(["inSource", "external"]),
                    status: z.enum(["accepted", "underReview", "rejected"]),
                    justification: z.string(),
                  }),
                )
                .optional(),
            })
            // 3.27.10: a kind that is not fail has the level none.
            .refine(({ kind, level }) => (kind ?? "fail") === "fail" || level === "none"),
        ),
      }),
    )
    .length(1),
});

const status = z.enum(["passed", "failed", "skipped", "pending", "other"]);
const count = z.int().min(0);

/** CTRF, the required and used keys of its JSON Schema. */
const ctrf = z
  .strictObject({
    reportFormat: z.literal("CTRF"),
    specVersion: z.string().regex(/^\d+\.\d+\.\d+$/),
    timestamp: instant,
    generatedBy: z.string(),
    results: z.strictObject({
      tool: z.strictObject({ name: z.string().min(1), version: z.string().optional() }),
      summary: z.strictObject({
        tests: count,
        passed: count,
        failed: count,
        skipped: count,
        pending: count,
        other: count,
        suites: count,
        start: count,
        stop: count,
        extra: bag,
      }),
      tests: z.array(
        z.strictObject({
          name: z.string().min(1),
          status,
          rawStatus: z.string(),
          duration: count,
          suite: z.array(z.string()).min(1),
          message: z.string(),
          type: z.string(),
          retries: count.optional(),
          retryAttempts: z
            .array(
              z.strictObject({ attempt: z.int().min(1), status, message: z.string().optional() }),
            )
            .optional(),
          extra: bag,
        }),
      ),
    }),
  })
  .refine(({ results: { summary: s, tests } }) => {
    const sum = s.passed + s.failed + s.skipped + s.pending + s.other;
    return sum === s.tests && s.tests === tests.length;
  });

const sha = z.string().regex(/^[0-9a-f]{64}$/);

const base = {
  _type: z.literal("https://in-toto.io/Statement/v1"),
  subject: z
    .array(z.strictObject({ name: z.string(), digest: z.strictObject({ sha256: sha }) }))
    .min(1),
};

const statement = z.discriminatedUnion("predicateType", [
  z.strictObject({
    ...base,
    predicateType: z.literal("https://in-toto.io/attestation/test-result/v0.1"),
    predicate: z.strictObject({
      result: z.enum(["PASSED", "WARNED", "FAILED"]),
      configuration: z.array(
        z.strictObject({ name: z.string(), digest: z.strictObject({ sha256: sha }) }),
      ),
      passedTests: z.array(z.string()),
      warnedTests: z.array(z.string()),
      failedTests: z.array(z.string()),
    }),
  }),
  z.strictObject({
    ...base,
    predicateType: z.literal("https://in-toto.io/attestation/svr/v0.2"),
    predicate: z.strictObject({
      verifier: z.strictObject({ id: z.string().min(1) }),
      timeCreated: instant,
      properties: z.array(z.string()),
    }),
  }),
  z.strictObject({
    ...base,
    predicateType: z.literal("urn:loadline:attestation:readiness/v1"),
    predicate: bag,
  }),
]);

function problems(schema: z.ZodType, value: unknown): string[] {
  const read = schema.safeParse(value);
  if (read.success) return [];
  return read.error.issues.map(({ path, message }) => `${path.map(String).join(".")}: ${message}`);
}

export const checkSarif = (value: unknown): string[] => problems(sarif, value);
export const checkCtrf = (value: unknown): string[] => problems(ctrf, value);
export const checkStatement = (value: unknown): string[] => problems(statement, value);

/** Well-formed elements, known names, and totals that equal what is counted inside. */
export function checkJunit(xml: string): string[] {
  const found: string[] = [];
  const open: string[] = [];
  const seen = new Map<string, number>();
  const body = xml.replace(/^<\?xml[^>]*\?>\n/, "");
  const allowed = ["testsuites", "testsuite", "testcase", "failure", "error", "skipped"];
  for (const match of body.matchAll(/<(\/?)([a-z]+)((?: [a-z]+="[^"<]*")*)(\/?)>|[^<\s][^<]*|</g)) {
    const [whole, closing, name, , alone] = match;
    if (name === undefined && open.at(-1) === "skipped" && whole !== "<") continue;
    if (name === undefined || !allowed.includes(name)) {
      found.push(`unexpected ${whole.slice(0, 40)}`);
    } else if (closing === "/") {
      if (open.pop() !== name) found.push(`${name} closes another element`);
    } else {
      seen.set(name, (seen.get(name) ?? 0) + 1);
      if (alone !== "/") open.push(name);
    }
  }
  if (open.length > 0) found.push(`${open.join(", ")} not closed`);
  const ofSuites = (key: string): number =>
    [...body.matchAll(new RegExp(`<testsuite [^>]*${key}="(\\d+)"`, "g"))].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    );
  for (const [key, name] of [
    ["tests", "testcase"],
    ["failures", "failure"],
    ["errors", "error"],
    ["skipped", "skipped"],
  ] as const) {
    if (ofSuites(key) !== (seen.get(name) ?? 0)) found.push(`${key} is not what is inside`);
  }
  return found;
}
