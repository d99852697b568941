/** Whether a host as a URL spells it is this machine, and no other, by its name alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}
