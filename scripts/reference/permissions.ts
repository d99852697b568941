import { allRoles, permissionsOfRole } from "../../packages/gateway/src/identity/roles.ts";
import { permissions } from "../../packages/gateway/src/identity/permissions.ts";
import type { Surface } from "../../packages/gateway/src/identity/surface.ts";
import { allSurfaces } from "../../packages/gateway/src/routes/registry.ts";
import { code, page, table } from "./markdown.ts";

const yes = "yes";

/** What a role may do on a surface: everything, only on its own objects, or nothing. */
function cell(surface: Surface, role: string): string {
  const held = permissionsOfRole(role);
  const { permission, object } = surface;
  if (typeof permission !== "string") return "public" in permission ? yes : "";
  if (object) return held.has(object.ofOthers) ? yes : held.has(permission) ? "own" : "";
  if (!held.has(permission)) return "";
  return surface.platform ? "platform" : yes;
}

const need = ({ permission, object, platform }: Surface): string => {
  if (typeof permission !== "string") return "public" in permission ? "none" : "each its own";
  if (object) return `${code(permission)}, others' ${code(object.ofOthers)}`;
  return platform ? `${code(permission)} in tenant ${code("*")}` : code(permission);
};

/** Every surface with what it needs and who holds that, from the registry. */
export function permissionsPage(): string {
  const surfaces = allSurfaces();
  return page(
    "Permissions",
    "Who may do what. A key holds what its role or its list of permissions says, never more than " +
      "its owner holds now and its tenant's policy allows. `own`: only on objects of one's own; " +
      "`platform`: only for principals of tenant `*`, such as a key made with `--tenant '*'`.",
    "Viewer, editor and admin are roles of people, each holding all of the one before it; caller " +
      "and scraper are presets for keys. Custom grants add single permissions, with a reason and " +
      "an optional end.",
    "## Surfaces",
    table(
      ["surface", "request", "needs", "anonymous", ...allRoles],
      surfaces.map((surface) => [
        code(surface.id),
        code(`${surface.methods.join(", ")} ${surface.path}`),
        need(surface),
        typeof surface.permission === "object" && "public" in surface.permission ? yes : "",
        ...allRoles.map((role) => cell(surface, role)),
      ]),
    ),
    "## Roles",
    table(
      ["permission", ...allRoles],
      permissions.map((permission) => [
        code(permission),
        ...allRoles.map((role) => (permissionsOfRole(role).has(permission) ? yes : "")),
      ]),
    ),
  );
}
