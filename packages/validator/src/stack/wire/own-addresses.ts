import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isLoopback } from "../../load/index.ts";
import { spelledAddress } from "./proc.ts";

/** One spelling for each address, those of IPv6 in brackets. */
const spelled = (address: string): string =>
  address.includes(":") ? spelledAddress(`[${address}]`) : address;

/** Addresses of the network namespace whose procfs that is; none where it does not tell. */
async function addressesIn(root: string): Promise<ReadonlySet<string>> {
  const table = (name: string): Promise<string> =>
    readFile(join(root, "net", name), "utf8").catch(() => "");
  const four = (await table("fib_trie")).matchAll(/\|-- (\S+)\n\s+\/32 host LOCAL/g);
  const six = (await table("if_inet6")).matchAll(/^[0-9a-f]{32}\b/gim);
  const groups = [...six].map(([hex]) => (hex.match(/.{4}/g) ?? []).join(":"));
  return new Set([...[...four].map(([, address = ""]) => address), ...groups.map(spelled)]);
}

/** Whether a host of a URL is the machine whose procfs that is; one nobody can resolve is not. */
export async function isOwnHost(root: string, host: string): Promise<boolean> {
  if (isLoopback(host)) return true;
  const name = host.replaceAll(/[[\]]/g, "");
  const found = await lookup(name, { all: true }).catch(() => []);
  const own = await addressesIn(root);
  return found.some(({ address }) => isLoopback(spelled(address)) || own.has(spelled(address)));
}
