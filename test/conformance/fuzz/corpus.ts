import { wires } from "../../../packages/gateway/src/providers/wire.fixture.ts";

const message = { role: "user", content: 'a "quoted" \\ text\n\u0000 \u{1f600}' };
const tool = { type: "function", function: { name: "f", parameters: { type: "object" } } };
const call = { id: "c1", type: "function", function: { name: "f", arguments: '{"x":1}' } };

/** Request bodies to start from: every known member, nested doubles of them, odd spellings. */
export const requests: readonly string[] = [
  JSON.stringify({ model: "m", messages: [message], stream: true, stream_options: { x: 1 } }),
  JSON.stringify(
    {
      messages: [message, { role: "assistant", tool_calls: [call] }],
      model: "m",
      tools: [tool],
      n: 2,
    },
    null,
    2,
  ),
  JSON.stringify({ model: "m", prompt: ["a", "b"], input: "c", max_tokens: 7, user: "u" }),
  JSON.stringify({ model: "m", messages: [], metadata: { model: "x", stream: false, "a\\": 1 } }),
  '{\'model\':\'x\',/* "model":"y" */ "model":"m",messages:[],"messages":[]}',
  '{"messages":["//",{"a":"/*"}],"model":"m","b":"*/","user":"\'"}',
  '{"model":"a","messages":[],"mod\\u0065l":"b"}',
  '{"stream":false,"model":"m","str\\u0065am":true,"input":"x","messages":[]}',
  '{"\\u006dodel":"m","messages":[],"loadline":{"noFallback":true},"max_output_tokens":1e2}',
  '{ "temperature":1.0e0,"model" :"m","messages":[[[{"model":[]}]]],"x":12345678901234567890 }',
  JSON.stringify({
    model: "m",
    max_tokens: 5,
    system: "s",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "t" },
          { type: "tool_result", tool_use_id: "c1", content: "r" },
        ],
      },
    ],
  }),
  JSON.stringify({
    model: "m",
    input: [{ type: "function_call", call_id: "c", name: "f", arguments: "{}" }, message],
    instructions: "i",
    text: { format: { type: "text" } },
  }),
];

/** Streams to start from, as each kind of upstream sends them. */
export const streams: readonly string[] = [
  ...wires.map((wire) => wire.stream),
  'event: response.created\ndata: {"type":"response.created"}\n\nevent: x\r\ndata: {"type":"response.output_text.delta",\r\ndata: "delta":"a"}\r\n\r\n: ping\n\ndata: {"type":"response.completed","response":{"usage":{"input_tokens":1}}}\n\n',
];
