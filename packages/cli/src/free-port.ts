import { createServer } from "node:net";

const defaultPort = 8080;

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

export interface ChosenPort {
  /** 0: the system chooses. */
  readonly port: number;
  /** The port that was wanted and is taken. */
  readonly taken?: number;
}

/** The given port, else 8080, else one the system chooses; a given port that is taken is kept. */
export async function choosePort(given: number | undefined): Promise<ChosenPort> {
  const wanted = given ?? defaultPort;
  if (wanted === 0 || (await isPortFree(wanted))) return { port: wanted };
  return { port: given === undefined ? 0 : given, taken: wanted };
}
