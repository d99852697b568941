import { allRoles, operator, permissions, permissionsOfRole } from "@loadline/gateway";
import type { GrantInfo, OpenedServices, UserInfo } from "@loadline/gateway";
import { parseDurationMs } from "../duration.ts";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { type Answer, needed, onIdentityStore, takesNone } from "./identity-store.ts";
import type { VerbContext } from "./verb.ts";

/** Roles and custom grants of users; `matrix` needs no store. */
export async function runRoles(context: VerbContext): Promise<ExitCode> {
  const { args, host, json } = context;
  if (args.positionals[0] !== "matrix")
    return onIdentityStore(context, (services) => answerOf(context, services));
  takesNone(context);
  const { document, lines } = matrix();
  host.stdout.write(json ? `${JSON.stringify(document)}\n` : `${lines.join("\n")}\n`);
  return 0;
}

async function answerOf(context: VerbContext, { roles }: OpenedServices): Promise<Answer> {
  const { args, host } = context;
  const by = operator();
  const user = needed(context, 1, "a USER");
  const role = args.text("role");
  if (args.positionals[0] === "list") {
    const list = await roles.list(by, user);
    return { document: list, lines: list.length === 0 ? ["no grants"] : list.map(grantLine) };
  }
  if (args.positionals[0] === "revoke") {
    const grant = args.text("grant");
    if (grant === undefined) return one(await roles.revoke(by, user, roleOf(role)));
    await roles.revokePermission(by, user, grant);
    return { document: { revoked: grant }, lines: [`${grant} is gone`] };
  }
  const permission = args.text("permission");
  if (permission === undefined) return one(await roles.grant(by, user, roleOf(role)));
  const reason = args.text("reason");
  if (reason === undefined) throw cliErrors.make("LL_CLI_ARGUMENT", "--reason is missing.");
  const expires = args.text("expires");
  const endMs = expires && host.clock.wallMs() + parseDurationMs("expires", expires);
  const made = await roles.grantPermission(by, user, {
    permission,
    reason,
    ...(typeof endMs === "number" && { expiresAt: Math.floor(endMs) }),
  });
  return { document: made, lines: [grantLine(made)] };
}

function roleOf(role: string | undefined): string {
  if (role !== undefined) return role;
  throw cliErrors.make("LL_CLI_ARGUMENT", "--role is missing.");
}

function one(user: UserInfo): Answer {
  return { document: user, lines: [`${user.id}  ${user.roles.join(",") || "no roles"}`] };
}

function grantLine(grant: GrantInfo): string {
  const until = grant.expiresAt === undefined ? "" : ` until ${grant.expiresAt}`;
  return `${grant.id}  ${grant.permission}${until}  ${cleanText(grant.reason)}`;
}

/** Which role holds which permission. */
function matrix(): Answer {
  const held = (role: string, permission: (typeof permissions)[number]): boolean =>
    permissionsOfRole(role).has(permission);
  const document = permissions.map((permission) => ({
    permission,
    roles: allRoles.filter((role) => held(role, permission)),
  }));
  const head = `${"".padEnd(20)}${allRoles.map((role) => role.padEnd(9)).join("")}`.trimEnd();
  const rows = permissions.map((permission) => {
    const marks = allRoles.map((role) => (held(role, permission) ? "x" : "").padEnd(9)).join("");
    return `${permission.padEnd(20)}${marks}`.trimEnd();
  });
  return { document, lines: [head, ...rows] };
}
