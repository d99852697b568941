import { adminRoutes } from "../admin/surfaces/table.ts";
import { gatewayErrors } from "../errors.ts";
import { type Permission, permissions } from "../identity/permissions.ts";
import { allRoles, permissionsOfRole } from "../identity/roles.ts";
import {
  bodyClasses,
  egressClasses,
  limitClasses,
  publicReasons,
  type Surface,
} from "../identity/surface.ts";
import { operations } from "../pipeline/operations.ts";
import type { Stage } from "../pipeline/stage.ts";

/** Everything somebody can ask for: the pipeline's operations and the admin plane's surfaces. */
export function allSurfaces(): readonly Surface[] {
  return [...operations, ...adminRoutes.map((route) => route.surface)];
}

export interface RegistryInput {
  readonly surfaces: readonly Surface[];
  /** Ids that something answers; every surface has one and every one is a surface. */
  readonly handled: ReadonlySet<string>;
  readonly permissions?: readonly string[];
}

const endStages = new Set(["call", "answer", "hand-over", "files"]);
const writeMethods = new Set(["POST", "PUT", "PATCH", "DELETE"]);
const auditPattern = /^[a-z]+(?:[._-][a-z]+)+$/;

/** Refuses the start with LL_ROUTE_UNDECLARED, naming every offender, when a rule is broken. */
export function checkRegistry(stages: readonly Stage[]): void {
  const answered = operations.filter((operation) =>
    stages.some((stage) => endStages.has(stage.id) && stage.wired(operation)),
  );
  const handled = new Set([...answered, ...adminRoutes.map(({ surface }) => surface)].map(idOf));
  const problems = registryProblems({ surfaces: allSurfaces(), handled });
  if (problems.length > 0)
    throw gatewayErrors.make("LL_ROUTE_UNDECLARED", `${problems.join("; ")}.`);
}

/** What is wrong with a set of surfaces, one text per offender. */
export function registryProblems(input: RegistryInput): string[] {
  const { surfaces, handled } = input;
  const known = input.permissions ?? permissions;
  const own = surfaces.flatMap((surface) => [
    ...classProblems(surface),
    ...accessProblems(surface, surfaces, known),
    ...writeProblems(surface),
    ...(handled.has(surface.id) ? [] : [`${surface.id}: nothing answers it`]),
  ]);
  const ids = new Set(surfaces.map(idOf));
  const undeclared = [...handled].filter((id) => !ids.has(id));
  return [
    ...own,
    ...undeclared.map((id) => `${id}: answered without a declaration`),
    ...repeated(surfaces.map(idOf)).map((id) => `${id}: declared twice`),
    ...repeated(surfaces.flatMap(shapesOf)).map((shape) => `${shape}: two surfaces`),
    ...permissionProblems(surfaces, known),
  ];
}

function classProblems(surface: Surface): string[] {
  const { id, limits, body, egress, audit } = surface;
  const isAudit = typeof audit === "string" ? auditPattern.test(audit) : audit?.none.length > 0;
  return [
    ...unless(includes(limitClasses, limits), `${id}: unknown limit class`),
    ...unless(includes(bodyClasses, body), `${id}: unknown body class`),
    ...unless(includes(egressClasses, egress), `${id}: unknown egress class`),
    ...unless(isAudit, `${id}: no audit action and no reason for none`),
  ];
}

function accessProblems(
  { id, permission, object, path }: Surface,
  surfaces: readonly Surface[],
  known: readonly string[],
): string[] {
  const wider = object && !known.includes(object.ofOthers) ? [`${id}: unknown permission`] : [];
  if (typeof permission === "string")
    return [...unless(known.includes(permission), `${id}: unknown permission`), ...wider];
  if (permission && "public" in permission)
    return unless(includes(publicReasons, permission.public), `${id}: public for no known reason`);
  if (!permission) return [`${id}: no permission`];
  const prefix = path.slice(0, -1);
  const hasBelow = surfaces.some((other) => other.id !== id && other.path.startsWith(prefix));
  return unless(path.endsWith("/*") && hasBelow, `${id}: no surface under its path`);
}

function writeProblems({ id, methods, permission, writes, audit }: Surface): string[] {
  const isWrite = methods.some((method) => writeMethods.has(method));
  if (!isWrite || typeof permission !== "string") return [];
  return [
    ...unless(writes !== undefined, `${id}: a write without its members`),
    ...unless(writes === "upstream" || typeof audit === "string", `${id}: a write without audit`),
  ];
}

/** A permission that no surface uses guards nothing; one that no role holds opens nothing. */
function permissionProblems(surfaces: readonly Surface[], known: readonly string[]): string[] {
  const used = new Set<string>(
    surfaces.flatMap(({ permission, object }) => [
      ...(typeof permission === "string" ? [permission] : []),
      ...(object ? [object.ofOthers] : []),
    ]),
  );
  const held = new Set<string>(
    allRoles.flatMap((role): Permission[] => [...permissionsOfRole(role)]),
  );
  return known.flatMap((permission) => [
    ...unless(used.has(permission), `${permission}: no surface uses it`),
    ...unless(held.has(permission), `${permission}: no role holds it`),
  ]);
}

/** `GET /v1/keys/:` for every method: two surfaces of one shape would hide each other. */
function shapesOf({ kind, methods, path }: Surface): string[] {
  const shape = path.replaceAll(/:[^/]+/g, ":");
  return methods.map((method) => `${kind} ${method} ${shape}`);
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
}

function includes(list: readonly string[], value: string): boolean {
  return list.includes(value);
}

function unless(holds: boolean, problem: string): string[] {
  return holds ? [] : [problem];
}

function idOf({ id }: { readonly id: string }): string {
  return id;
}
