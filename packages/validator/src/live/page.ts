import type { Editable } from "./edit.ts";

/** What the page shows besides frames. */
export interface PageFacts {
  readonly title: string;
  readonly editable: readonly Editable[];
}

const style = `
:root { color-scheme: light dark; font: 14px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.1rem; } dl { display: flex; flex-wrap: wrap; gap: 0 2rem; }
dt { opacity: .7; } dd { margin: 0; font-variant-numeric: tabular-nums; font-size: 1.3rem; }
svg { width: 100%; height: 9rem; border: 1px solid #8886; } polyline { fill: none; stroke: currentColor; }
ul { display: flex; flex-wrap: wrap; gap: 0 1.5rem; padding: 0; list-style: none; }
li { font-variant-numeric: tabular-nums; } li.breached { font-weight: bold; text-decoration: underline; }
form { margin: .5rem 0; } p[role=status] { min-height: 1.5em; }
main.stale dl, main.stale figure, main.stale ul { opacity: .45; }
`;

/**
 * Reads frames, draws two lines, lists the guards, sends edits; every text becomes a text node. A
 * frame that came before is not counted twice; figures older than 5 s say so, over 60 s they are
 * greyed and nothing can be changed.
 */
const script = `
const facts = JSON.parse(document.getElementById("facts").textContent);
const at = (id) => document.getElementById(id);
at("title").textContent = facts.title;
const frames = [], max = 3600, state = { drawn: false, last: 0, at: performance.now(), ended: false };
const ms = (v) => v === null ? "-" : v < 1000 ? v.toFixed(1) + " ms" : (v / 1000).toFixed(2) + " s";
const line = (id, values) => {
  const top = Math.max(1, ...values.map((v) => v || 0));
  const step = 1000 / Math.max(1, values.length - 1);
  at(id).setAttribute("points", values.map((v, i) => (i * step).toFixed(1) + "," + (100 - 96 * (v || 0) / top).toFixed(1)).join(" "));
  at(id + "-top").textContent = id === "p99" ? ms(top) : Math.round(top) + "/s";
};
const phaseOf = (f) => f.leftMs > 0 ? "sending" : f.inFlight > 0 ? "draining" : "done";
const guard = ({ guard, holds, figure, limit }) => {
  const row = document.createElement("li");
  row.className = holds ? "held" : "breached";
  row.textContent = (holds ? "" : "breached: ") + guard.replace(/^guard[.]load[.]/, "") + " " + figure + " of " + limit;
  return row;
};
const draw = () => {
  state.drawn = false;
  const f = frames[frames.length - 1];
  if (!f) return;
  const shown = { phase: phaseOf(f), due: f.due, ok: f.ok, bad: f.bad, flight: f.inFlight, p50: ms(f.p50Ms), "p99-now": ms(f.p99Ms), ttft: ms(f.ttftP99Ms), left: Math.round(f.leftMs / 1000) + " s" };
  for (const [id, value] of Object.entries(shown)) at(id).textContent = value;
  at("guards").replaceChildren(...(f.guards || []).map(guard));
  line("p99", frames.map((one) => one.p99Ms));
  line("rate", frames.map((one, i) => i === 0 ? 0 : 1000 * (one.due - frames[i - 1].due) / Math.max(1, one.elapsedMs - frames[i - 1].elapsedMs)));
};
const source = new EventSource("/frames");
source.addEventListener("frame", (event) => {
  const id = Number(event.lastEventId);
  if (id <= state.last) return;
  state.last = id;
  state.at = performance.now();
  age();
  frames.push(JSON.parse(event.data));
  if (frames.length > max) frames.shift();
  if (!state.drawn) { state.drawn = true; requestAnimationFrame(draw); }
});
source.addEventListener("end", (event) => { state.ended = true; age(); at("status").textContent = JSON.parse(event.data); source.close(); });
const age = () => {
  const seconds = state.ended ? 0 : Math.floor((performance.now() - state.at) / 1000);
  at("age").textContent = seconds > 5 ? "these figures are " + seconds + " s old" : "";
  document.querySelector("main").classList.toggle("stale", seconds > 60);
  for (const button of document.querySelectorAll("#edits button")) button.disabled = seconds > 60;
};
setInterval(age, 1000);
source.addEventListener("error", () => { at("status").textContent = source.readyState === 2 ? "the connection is closed; reload the page" : "no connection to the run; trying again"; });
source.addEventListener("open", () => { at("status").textContent = ""; });
for (const one of facts.editable) {
  const form = document.createElement("form"), label = document.createElement("label"), input = document.createElement("input"), button = document.createElement("button");
  label.textContent = one.scenario + ", " + (one.of === "users" ? "users " : "requests per second ");
  input.type = "number"; input.min = "0"; input.max = String(one.max); input.step = one.of === "users" ? "1" : "any"; input.required = true;
  button.textContent = "change";
  label.append(input); form.append(label, " ", button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await fetch("/edit", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ scenario: one.scenario, value: Number(input.value) }) });
    at("status").textContent = answer.ok ? "changed; the run says so and guard.load.schedule is breached" : await answer.text();
  });
  at("edits").append(form);
}
`;

const figures = [
  ["phase", "phase"],
  ["due", "due"],
  ["ok", "ok"],
  ["bad", "bad"],
  ["flight", "in flight"],
  ["p50", "response p50"],
  ["p99-now", "response p99"],
  ["ttft", "first token p99"],
  ["left", "time left"],
] as const;

/** The page; `nonce` is the only thing its policy lets run. */
export function livePage(facts: PageFacts, nonce: string): string {
  const json = JSON.stringify(facts).replaceAll("<", "\\u003c");
  const rows = figures
    .map(([id, name]) => `<div><dt>${name}</dt><dd id="${id}">-</dd></div>`)
    .join("");
  const chart = (id: string, name: string): string =>
    `<figure><figcaption>${name}, top <span id="${id}-top">-</span></figcaption><svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label="${name}"><polyline id="${id}" vector-effect="non-scaling-stroke"/></svg></figure>`;
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>loadline load</title>`,
    `<meta name="viewport" content="width=device-width"><style nonce="${nonce}">${style}</style></head>`,
    `<body><main><h1 id="title"></h1><p id="age"></p><dl>${rows}</dl>${chart("p99", "response p99")}${chart("rate", "due")}`,
    `<section aria-label="guards"><ul id="guards"></ul></section>`,
    `<section id="edits" aria-label="traffic"></section><p id="status" role="status"></p></main>`,
    `<script type="application/json" id="facts" nonce="${nonce}">${json}</script>`,
    `<script nonce="${nonce}">${script}</script></body></html>`,
  ].join("");
}

/** Headers of every answer: nothing from elsewhere, nothing kept, no frame around it. */
export function pageHeaders(nonce: string): Record<string, string> {
  return {
    "content-security-policy": `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  };
}
