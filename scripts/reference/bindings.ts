import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { checklistParts } from "@loadline/contract";
import { code, page, table } from "./markdown.ts";
import { openRows } from "./open-rows.ts";

/** One id in the title of one test. */
export interface Binding {
  readonly id: string;
  readonly path: string;
  readonly title: string;
}

const skipped = new Set(["node_modules", "fixtures", "dist"]);
const testFile = /\.test\.tsx?$/;
const literal = /(["'`])((?:(?!\1)[^\\\n]|\\.)*)\1/g;
const group = /\[((?:R\d-\d{2,3}[ ,]*)+)\]/g;
const idPattern = /R\d-\d{2,3}/g;

/** Every id in brackets inside a quoted text of a test file, in the order of the file. */
export function bindingsOf(path: string, text: string): Binding[] {
  return [...text.matchAll(literal)].flatMap(([, , title = ""]) =>
    [...title.matchAll(group)].flatMap(([, ids = ""]) =>
      [...ids.matchAll(idPattern)].map(([id]) => ({
        id,
        path,
        title: title.replaceAll(group, "").trim(),
      })),
    ),
  );
}

const field = /\bchecklist: \[([^\]]*)\]/g;

/** Every id that a check names in its `checklist` field, in the order of the file. */
export const checkIdsOf = (text: string): string[] =>
  [...text.matchAll(field)].flatMap(([, ids = ""]) =>
    [...ids.matchAll(/"([^"]*\d[^"]*)"/g)].map(([, id = ""]) => id),
  );

function testsBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : testsBelow(root, path);
    return testFile.test(entry.name) ? [path] : [];
  });
}

/** What the tests of the repository bind, sorted by id, path and title. */
export function readBindings(root: string): Binding[] {
  const paths = ["packages", "test"].flatMap((folder) => testsBelow(root, folder));
  const found = paths.flatMap((path) =>
    bindingsOf(
      relative(root, join(root, path)).split(sep).join("/"),
      readFileSync(join(root, path), "utf8"),
    ),
  );
  const key = (b: Binding): string => `${b.id} ${b.path} ${b.title}`;
  return found.toSorted((a, b) => Number(key(a) > key(b)) - Number(key(a) < key(b)));
}

const intro =
  "Which tests stand for which row of the checklist: the ids in brackets at the end of their titles. A row with a test is shown as far as the title says; a row without one is open, with what is missing.";

/** The page of bindings: how much of each part is bound, then every test by id. */
export function bindingsPage(root: string): string {
  const bindings = readBindings(root);
  const parts = Object.entries(checklistParts).map(([part, rows]) => {
    const own = bindings.filter(({ id }) => id.startsWith(`${part}-`));
    const bound = new Set(own.map(({ id }) => id));
    return [part, String(rows), String(bound.size), String(own.length)];
  });
  const rows = bindings.map(({ id, path, title }) => [id, title, code(path)]);
  return page(
    "Checklist bindings",
    intro,
    table(["part", "rows", "bound", "tests"], parts),
    table(["id", "test", "file"], rows),
    "## Open rows",
    table(["id", "what is missing"], Object.entries(openRows)),
  );
}
