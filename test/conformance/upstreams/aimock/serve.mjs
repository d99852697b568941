// Serves aimock's own idea of five APIs on a free port; prints its URL and ends with its input.
import { LLMock } from "@copilotkit/aimock";

const mock = new LLMock({ port: 0 });
mock.onMessage("hello", { content: "Hi there, from nobody here." });
mock.onMessage("weather", {
  toolCalls: [{ name: "weather", arguments: JSON.stringify({ city: "Oslo" }) }],
});
await mock.start();
process.stdout.write(`${mock.url}\n`);
process.stdin.resume();
process.stdin.on("end", () => void mock.stop());
