import { createServer } from "node:net";

/** Where the gateway listens unless it is told otherwise. */
export const defaultPort = 8080;

/** Whether 127.0.0.1 accepts a listener on this port now. Other faults than "in use" are thrown. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      probe.close(() => resolve(true));
    });
  });
}

/** The given port as it is, else 8080, else 0: the system chooses. */
export async function choosePort(given: number | undefined): Promise<number> {
  if (given !== undefined) return given;
  return (await isPortFree(defaultPort)) ? defaultPort : 0;
}
