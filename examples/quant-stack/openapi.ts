const item = {
  type: "object",
  required: ["id", "name"],
  properties: { id: { type: "integer" }, name: { type: "string" } },
};

const json = (schema: object) => ({
  description: "ok",
  content: { "application/json": { schema } },
});

/** What the API promises of itself. */
export const openapi = {
  openapi: "3.1.0",
  info: { title: "quant", version: "0.1.0" },
  paths: {
    "/health": {
      get: {
        responses: {
          "200": json({
            type: "object",
            required: ["status", "database", "version"],
            properties: { status: { type: "string" }, database: { type: "boolean" } },
          }),
        },
      },
    },
    "/items": {
      get: {
        responses: {
          "200": json({
            type: "object",
            required: ["items"],
            properties: { items: { type: "array", items: { $ref: "#/components/schemas/Item" } } },
          }),
        },
      },
    },
  },
  components: { schemas: { Item: item } },
};
