// The compatibility scanner compatcanary: prints its report.
import { scanEndpoint } from "compatcanary";

const [, , url, apiKey, model] = process.argv;
process.stdout.write(
  `${JSON.stringify(await scanEndpoint({ baseUrl: `${url}/v1`, apiKey, model }))}\n`,
);
