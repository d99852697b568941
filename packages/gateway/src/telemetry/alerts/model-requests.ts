import { operations } from "../../pipeline/operations.ts";

const ids = operations.filter((operation) => operation.isModel).map((operation) => operation.id);

/** Selector of the requests that go to a model, of the series of ended requests. */
export const modelRequests = `loadline_requests_total{operation=~"${ids.join("|")}"}`;

/** The same, of those that the gateway or its upstreams failed. */
export const failedModelRequests = `${modelRequests.slice(0, -1)},status=~"5.."}`;
