import { createHash } from "node:crypto";
import { gatewayErrors } from "../errors.ts";
import type { OpenApiDocument, OpenApiOperation } from "./open-api.ts";

export interface DocsPage {
  readonly html: string;
  /** Content-Security-Policy: nothing but the page's own style, named by its hash. */
  readonly policy: string;
}

const style = `
:root{color-scheme:light dark;--line:#8884;--soft:#8881}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;padding:2rem 1rem;max-width:60rem}
h1{font-size:1.6rem;margin:0}h2{margin:2.5rem 0 .5rem;font-size:1.2rem}
nav{display:flex;flex-wrap:wrap;gap:.75rem;margin:1rem 0}
details{border:1px solid var(--line);border-radius:8px;margin:.5rem 0}
summary{cursor:pointer;display:flex;flex-wrap:wrap;gap:.75rem;align-items:baseline;padding:.6rem .8rem}
summary>*{min-width:0;overflow-wrap:anywhere}
summary:focus-visible{outline:2px solid;outline-offset:2px;border-radius:8px}
details>div{padding:0 .8rem .8rem;overflow-x:auto}
.method{font:600 .8rem ui-monospace,monospace;min-width:4rem}
code,pre{font:.85rem ui-monospace,monospace}
pre{background:var(--soft);padding:.7rem;border-radius:6px;overflow-x:auto;margin:.4rem 0}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem .3rem 0;vertical-align:top;border-top:1px solid var(--line)}
h3{font-size:.95rem;margin:1rem 0 .2rem}
`;

/** One self-contained page that lists every operation with its schemas and a curl line. */
export function docsPage(document: OpenApiDocument): DocsPage {
  const groups = new Map<string, string[]>();
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags[0] ?? "";
      groups.set(tag, [...(groups.get(tag) ?? []), operationHtml(method, path, operation)]);
    }
  const links = [...groups.keys()].map((tag) => `<a href="#${tag}">${text(tag)}</a>`);
  const sections = [...groups].map(
    ([tag, list]) => `<section><h2 id="${tag}">${text(tag)}</h2>${list.join("")}</section>`,
  );
  const title = text(document.info["title"] ?? "");
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title>
<link rel="icon" href="data:,"><style>${style}</style></head><body><header><h1>${title}</h1>
<p>${text(document.info["description"] ?? "")} Send a key as <code>Authorization: Bearer</code>.
Errors are <code>application/problem+json</code>. The same as
<a href="/admin/openapi.json">OpenAPI 3.1</a>.</p><nav aria-label="Groups">${links.join("")}</nav>
</header><main>${sections.join("")}
<section><h2 id="problem">problem</h2>${pre(document.components)}</section></main></body></html>`;
  const hash = createHash("sha256").update(style).digest("base64");
  const policy =
    `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; ` +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return { html, policy };
}

function operationHtml(method: string, path: string, operation: OpenApiOperation): string {
  const { operationId, summary, parameters, requestBody, responses } = operation;
  const body = requestBody?.content["application/json"];
  const audit = operation["x-loadline-audit"];
  const rows = Object.entries(responses).map(
    ([status, { description }]) => `<tr><th>${status}</th><td>${meanings(description)}</td></tr>`,
  );
  const good = Object.entries(responses).find(([status]) => status.startsWith("2"));
  const parts = [
    `<p>Needs <code>${text(operation["x-loadline-permission"])}</code>. `,
    audit === null ? "Reads only.</p>" : `Audited as <code>${text(audit)}</code>.</p>`,
    `<pre>${text(curlOf(method, path, body?.example))}</pre>`,
    parameters.length > 0 ? `<h3>Parameters</h3>${parametersHtml(parameters)}` : "",
    body ? `<h3>Body</h3>${pre(body.schema)}` : "",
    good ? `<h3>Answer ${good[0]}</h3>${pre(good[1].content)}` : "",
    `<h3>Statuses</h3><table>${rows.join("")}</table>`,
  ];
  return `<details id="${operationId}"><summary><span class="method">${method.toUpperCase()}</span>
<code>${text(path)}</code><span>${text(summary)}</span></summary><div>${parts.join("")}</div></details>`;
}

/** Each code of a status with what it means. */
function meanings(codes: string): string {
  const rows: Readonly<Record<string, { readonly summary: string }>> = gatewayErrors.table;
  return codes
    .split(", ")
    .map((code) => {
      const summary = rows[code]?.summary;
      return summary === undefined ? text(code) : `<code>${text(code)}</code> ${text(summary)}`;
    })
    .join("<br>");
}

function parametersHtml(parameters: OpenApiOperation["parameters"]): string {
  const rows = parameters.map(({ name, in: where, required, description, schema }) => {
    const need = required ? "required" : "optional";
    const what = `${where}, ${need}. ${description ?? ""}`;
    const type = `<code>${text(JSON.stringify(schema))}</code>`;
    return `<tr><th>${text(name)}</th><td>${text(what)}</td><td>${type}</td></tr>`;
  });
  return `<table>${rows.join("")}</table>`;
}

/** A command that works in a shell where LOADLINE_API_KEY and LOADLINE_URL are set. */
export function curlOf(method: string, path: string, example: unknown): string {
  const shown = path.replaceAll(/\{([A-Za-z]+)\}/g, (_, name: string) => `$${name.toUpperCase()}`);
  const lines = [
    `curl -X ${method.toUpperCase()} "$LOADLINE_URL${shown}"`,
    '  -H "Authorization: Bearer $LOADLINE_API_KEY"',
  ];
  if (example !== undefined) {
    lines.push("  -H 'Content-Type: application/json'");
    lines.push(`  -d '${JSON.stringify(example)}'`);
  }
  return lines.join(" \\\n");
}

function pre(value: unknown): string {
  return `<pre>${text(JSON.stringify(value, null, 2))}</pre>`;
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function text(value: string): string {
  return value.replaceAll(/[&<>"']/g, (char) => escapes[char] ?? char);
}
