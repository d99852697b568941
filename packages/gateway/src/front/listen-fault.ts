import type { LoadlineError } from "@loadline/kit/errors";
import { gatewayErrors } from "../errors.ts";

/** An address to listen on; `isShared`: together with other processes. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly isShared: boolean;
}

/** What a system answers that knows no SO_REUSEPORT. */
const unshared: ReadonlySet<string | undefined> = new Set(["ENOTSUP", "EOPNOTSUPP", "ENOPROTOOPT"]);

/** Why an address is not listened on, from what the system answered. */
export function listenFault(
  cause: Pick<NodeJS.ErrnoException, "code">,
  { host, port, isShared }: Address,
): LoadlineError {
  const where = `${host}:${port}`;
  const { code } = cause;
  if (code === "EADDRINUSE")
    return gatewayErrors.make("LL_SERVER_PORT_IN_USE", `${where} is in use.`, { cause });
  if (isShared && unshared.has(code)) {
    const message = `${where} cannot be listened on by several processes (${code}).`;
    return gatewayErrors.make("LL_SERVER_REUSE_PORT", message, { cause });
  }
  const message = `${where} cannot be listened on (${code ?? "?"}).`;
  return gatewayErrors.make("LL_SERVER_LISTEN", message, { cause });
}
