import { describe, expect, it } from "vitest";
import { startJaegerTwin } from "./stubs/jaeger.ts";
import { startNeo4jTwin } from "./stubs/neo4j.ts";
import { startQdrantTwin } from "./stubs/qdrant.ts";
import { againstTwin, twinSuite } from "./twin-suite.fixture.ts";

twinSuite("qdrant", startQdrantTwin);
twinSuite("neo4j", startNeo4jTwin);
twinSuite("jaeger", startJaegerTwin);

describe("a store whose version lacks what a check asks for [R2-57]", () => {
  it("is no failure: Neo4j without the query API", async () => {
    const rules = [{ when: "POST /db/neo4j/query/v2", status: 404, reply: "" }];
    const { words } = await againstTwin(startNeo4jTwin, rules);
    expect(words["it.login"]).toBe("error probe_contract");
    expect(words["it.read_back"]).toBe("not_tested capability_missing");
  });
});
