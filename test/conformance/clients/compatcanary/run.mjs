// The compatibility scanner compatcanary: prints its report.
import { scanEndpoint } from "compatcanary";

const [, , url, apiKey, model] = process.argv;
console.log(JSON.stringify(await scanEndpoint({ baseUrl: `${url}/v1`, apiKey, model })));
