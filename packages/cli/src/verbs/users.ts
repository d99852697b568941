import { operator } from "@loadline/gateway";
import type { OpenedServices, UserInfo } from "@loadline/gateway";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { type Answer, needed, onIdentityStore, takesNone } from "./identity-store.ts";
import type { VerbContext } from "./verb.ts";

/** Users of the store; what they may do bounds their keys. */
export function runUsers(context: VerbContext): Promise<ExitCode> {
  return onIdentityStore(context, (services) => answerOf(context, services));
}

async function answerOf(context: VerbContext, { users }: OpenedServices): Promise<Answer> {
  const { args } = context;
  const by = operator();
  switch (args.positionals[0]) {
    case "create": {
      const [label, issuer, tenantId] = ["label", "issuer", "tenant"].map(args.text);
      const user = await users.create(by, {
        subject: needed(context, 1, "a SUBJECT"),
        roles: [...args.list("role")],
        ...(label !== undefined && { label }),
        ...(issuer !== undefined && { issuer }),
        ...(tenantId !== undefined && { tenantId }),
      });
      return { document: user, lines: [userLine(user)] };
    }
    case "list": {
      takesNone(context);
      const list = await users.list(by, { tenantId: args.text("tenant") });
      return { document: list, lines: list.length === 0 ? ["no users"] : list.map(userLine) };
    }
    case "show":
      return one(await users.show(by, needed(context, 1, "an ID")));
    case "enable":
      return one(await users.enable(by, needed(context, 1, "an ID")));
    default:
      return one(await users.disable(by, needed(context, 1, "an ID")));
  }
}

function one(user: UserInfo): Answer {
  return { document: user, lines: [userLine(user)] };
}

function userLine(user: UserInfo): string {
  const roles = user.roles.length === 0 ? "-" : user.roles.join(",");
  const name = cleanText(`${user.label} (${user.issuer})`);
  return `${user.id}  ${user.state.padEnd(8)} ${user.tenantId}  ${roles}  ${name}`;
}
