import { describe, expect, it } from "vitest";
import { z } from "zod";
import { gatewayErrors } from "../errors.ts";
import { curlOf, docsPage } from "./docs-page.ts";
import { maskConfig } from "./mask.ts";
import { openApiDocument } from "./open-api.ts";
import { adminRoutes } from "./surfaces/table.ts";
import { Secret } from "../config/values.ts";

const document = openApiDocument(adminRoutes);
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

/** Every `$ref` in a value. */
function refsOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    key === "$ref" && typeof member === "string" ? [member] : refsOf(member),
  );
}

describe("OpenAPI document", () => {
  it("has the members that OpenAPI 3.1 asks of every part", () => {
    const schema = z.looseObject({});
    const content = z.record(
      z.string(),
      z.strictObject({ schema, example: z.unknown().optional() }),
    );
    const parameter = z.strictObject({
      name: z.string().min(1),
      in: z.enum(["path", "query"]),
      required: z.boolean(),
      description: z.string().optional(),
      schema,
    });
    const operation = z.looseObject({
      operationId: z.string().regex(/^[a-z]+\.[a-z]+$/),
      summary: z.string().min(10),
      tags: z.array(z.string()).length(1),
      parameters: z.array(parameter),
      requestBody: z.strictObject({ required: z.boolean(), content }).optional(),
      responses: z.record(
        z.string().regex(/^[2-5]\d\d$/),
        z.strictObject({ description: z.string().min(1), content }),
      ),
    });
    const method = z.enum(["get", "post", "patch", "delete"]);
    const whole = z.strictObject({
      openapi: z.literal("3.1.0"),
      info: z.looseObject({ title: z.string(), version: z.string() }),
      servers: z.array(z.strictObject({ url: z.string() })).min(1),
      security: z.array(z.record(z.string(), z.array(z.string()))),
      paths: z.record(z.string().startsWith("/admin/v1/"), z.partialRecord(method, operation)),
      components: z.looseObject({ schemas: z.record(z.string(), schema) }),
    });
    expect(whole.safeParse(document).error).toBeUndefined();
  });

  it("names each operation once, and each `{name}` of a path as a required parameter", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(adminRoutes.length);
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const listed = operation.parameters.filter((one) => one.in === "path");
      expect(listed.map((one) => one.name)).toEqual(inPath);
      expect(listed.every((one) => one.required)).toBe(true);
    }
  });

  it("resolves every reference and documents every status a code of an operation has", () => {
    expect(new Set(refsOf(document))).toEqual(new Set(["#/components/schemas/Problem"]));
    for (const route of adminRoutes) {
      const found = operations.find(({ operation }) => operation.operationId === route.surface.id);
      for (const code of route.errors) {
        const { status } = { status: 500, ...gatewayErrors.table[code] };
        expect(found?.operation.responses[String(status)]?.description).toContain(code);
      }
    }
  });

  it("takes each example as the operation itself does", () => {
    for (const { example, body, surface } of adminRoutes) {
      if (example === undefined) continue;
      expect(`${surface.id} ${body?.safeParse(example).success}`).toBe(`${surface.id} true`);
    }
  });

  it("is one JSON value: nothing in it is a function, a date or undefined", () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });
});

describe("docs page", () => {
  it("lists every operation with a curl line, and needs nothing from elsewhere", () => {
    const { html, policy } = docsPage(document);
    for (const { operation } of operations) expect(html).toContain(`id="${operation.operationId}"`);
    expect(html.match(/curl -X/g)).toHaveLength(operations.length);
    expect(html).not.toMatch(/<script|<link[^>]+stylesheet|https?:\/\//);
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='/);
  });

  it("shows hostile text as text", () => {
    const hostile = {
      ...document,
      info: { title: "<script>alert(1)</script>", description: '"&' },
    };
    const { html } = docsPage(hostile);
    expect(html).not.toContain("<script>");
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  });

  it("writes a curl line that a shell reads as one command", () => {
    expect(curlOf("post", "/admin/v1/keys/{id}/rotate", { overlapMs: 1 })).toBe(
      'curl -X POST "$LOADLINE_URL/admin/v1/keys/$ID/rotate" \\\n' +
        '  -H "Authorization: Bearer $LOADLINE_API_KEY" \\\n' +
        "  -H 'Content-Type: application/json' \\\n" +
        "  -d '{\"overlapMs\":1}'",
    );
  });
});

describe("the configuration that is shown", () => {
  it("has no secret, no password of an address and no value of a secret's name", () => {
    const config = {
      targets: { a: { keys: [new Secret("sk-value", "${env:A}")], baseUrl: "https://a.test/v1" } },
      stores: { sql: "postgres://user:hunter2@host/db?sslmode=require&password=p&a=b" },
      clientSecret: "plain",
      deep: [{ apiKey: "k" }, 1, true, null],
    };
    expect(maskConfig(config)).toEqual({
      targets: { a: { keys: ["***"], baseUrl: "https://a.test/v1" } },
      stores: { sql: "postgres://user:***@host/db?sslmode=require&password=***&a=b" },
      clientSecret: "***",
      deep: [{ apiKey: "***" }, 1, true, null],
    });
  });

  it("ends on a value that holds itself", () => {
    const loop: Record<string, unknown> = {};
    loop["again"] = loop;
    expect(JSON.stringify(maskConfig(loop))).toContain("***");
  });
});
