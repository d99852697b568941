/**
 * The part of every exported script that does not depend on the plan. It keeps intended times, ends
 * a request in the engine's outcome classes, and counts each claim in a Rate of its own.
 */
export const runtimeJs = String.raw`
function text(value) {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function need(name) {
  if (!__ENV[name]) throw new Error('give -e ' + name + '=...');
}

/** Due times in ms of a ramp: k6 starts iteration i when the integral of the rate reaches i + 1. */
function rampOf(stages) {
  return (index) => {
    let left = index + 1;
    let at = 0;
    for (const [duration, from, to] of stages) {
      const area = ((from + to) / 2) * (duration / 1000);
      if (left > area) {
        left -= area;
        at += duration;
        continue;
      }
      const slope = (to - from) / (duration / 1000);
      const seconds = slope === 0 ? left / from : (Math.sqrt(from * from + 2 * slope * left) - from) / slope;
      return at + seconds * 1000;
    }
    return at;
  };
}

function mix32(seed, value) {
  const low = Math.imul((value >>> 0) + 1, 0x9e3779b1);
  const high = Math.imul(Math.floor(value / 2 ** 32), 0x85ebca6b);
  let z = (seed ^ low ^ high) >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

function permuted(at, count, seed) {
  const bits = Math.max(2, Math.ceil(Math.log2(Math.max(2, count))));
  const mask = 2 ** Math.ceil(bits / 2) - 1;
  let value = at;
  do {
    let left = Math.floor(value / (mask + 1));
    let right = value & mask;
    for (let round = 0; round < 6; round++) {
      const next = (left ^ mix32(seed + round, right)) & mask;
      left = right;
      right = next;
    }
    value = left * (mask + 1) + right;
  } while (value >= count);
  return value;
}

/** The row of an arrival, the same one that Loadline gives it; null when none is left. */
function rowFor(feed, index) {
  if (feed === null) return {};
  const rows = feed.rows.length;
  if (feed.order === 'unique') return index < rows ? feed.rows[index] : null;
  if (feed.order === 'perVu') return feed.rows[(exec.vu.idInTest - 1) % rows];
  if (feed.order === 'random') return feed.rows[Math.floor((mix32(feed.seed, index) / 2 ** 32) * rows)];
  if (feed.order === 'shuffle') {
    return feed.rows[permuted(index % rows, rows, mix32(feed.seed, Math.floor(index / rows)))];
  }
  return feed.rows[index % rows];
}

function begin(scenario) {
  const nowMs = Date.now();
  const index = exec.scenario.iterationInTest;
  const startMs = exec.scenario.startTime;
  const isOpen = scenario.intended !== null;
  const intendedMs = isOpen ? startMs + scenario.intended(index) : nowMs;
  if (isOpen) lag.add(Math.max(0, nowMs - intendedMs));
  const row = rowFor(scenario.feed, index);
  const isMeasured = intendedMs - startMs >= scenario.warmupMs;
  return { scenario, index, row, intendedMs, isMeasured, isFirst: isOpen, pending: null, last: 'ok' };
}

const errorClasses = [
  [1050, 1050, 'timeout_total'],
  [1100, 1199, 'dns'],
  [1211, 1211, 'connect_timeout'],
  [1200, 1209, 'reset'],
  [1220, 1220, 'reset'],
  [1210, 1299, 'connect'],
  [1300, 1399, 'tls'],
];

function classOf(response, expect) {
  const { status } = response;
  if (status === 0) {
    const code = response.error_code;
    const found = errorClasses.find(([from, until]) => code >= from && code <= until);
    return found === undefined ? 'protocol' : found[2];
  }
  if (expect === undefined ? status >= 200 && status < 300 : expect.indexOf(status) !== -1) return 'ok';
  if (status === 429 || status === 503) return 'status_' + status;
  if (status >= 500) return 'status_5xx';
  return status >= 400 ? 'status_4xx' : 'check';
}

function send(it, name, method, path, body, o) {
  settle(it);
  const intendedMs = it.isFirst ? it.intendedMs : Date.now();
  it.isFirst = false;
  due(it, name);
  const range = o.expect === undefined ? [{ min: 200, max: 299 }] : o.expect;
  const response = http.request(method, base + path, body, {
    headers: Object.assign({}, headers, o.headers),
    tags: Object.assign({ step: name, name }, o.tags),
    redirects: 0,
    timeout: o.timeoutMs,
    responseCallback: http.expectedStatuses.apply(null, range),
  });
  // Date.now() cuts off up to 1 ms: rounded up, so that nothing looks faster than it was.
  const responseMs = Date.now() + 1 - intendedMs;
  const t = response.timings;
  const serviceMs = t.blocked + t.connecting + t.tls_handshaking + t.duration;
  const outcome = classOf(response, o.expect);
  it.pending = { name, response, responseMs, serviceMs, outcome };
  it.last = outcome;
}

/** Counts a request before it is sent: what never comes to its end was due all the same. */
function due(it, name) {
  if (!it.isMeasured) return;
  okDue[it.scenario.key].add(1);
  for (const claim of it.scenario.claims) {
    if (claim.step === null || claim.step === name) claim.due.add(1);
  }
}

/** Counts the request under way: its checks are known when the next one begins. */
function settle(it) {
  const p = it.pending;
  it.pending = null;
  if (p === null || !it.isMeasured) return;
  const isOk = p.outcome === 'ok';
  okRates[it.scenario.key].add(isOk);
  for (const claim of it.scenario.claims) {
    if (claim.step !== null && claim.step !== p.name) continue;
    if (claim.metric === 'errors') claim.rate.add(claim.invert ? isOk : !isOk);
    else {
      const value = claim.metric === 'response_time' ? p.responseMs : p.serviceMs;
      claim.rate.add(!isOk || value >= claim.limitMs);
    }
  }
}

function ended(it, wanted) {
  return wanted === it.last || (wanted === 'bad' && it.last !== 'ok');
}

function valueAt(value, path) {
  let found = value;
  for (const key of path.split('.')) {
    if (found === null || typeof found !== 'object' || !Object.prototype.hasOwnProperty.call(found, key)) {
      return undefined;
    }
    found = found[key];
  }
  return found;
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const made = {};
  for (const key of Object.keys(value).sort()) made[key] = sorted(value[key]);
  return made;
}

const same = (a, b) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

function jsonHolds(response, wanted) {
  let body;
  try {
    body = response.json();
  } catch (error) {
    return false;
  }
  return Object.keys(wanted).every((path) => {
    const found = valueAt(body, path);
    return wanted[path] === null ? found !== undefined && found !== null : same(found, wanted[path]);
  });
}

function headerOf(response, name) {
  const key = Object.keys(response.headers).find((one) => one.toLowerCase() === name.toLowerCase());
  return key === undefined ? '' : response.headers[key];
}

function holds(p, spec) {
  // A value of the moment that it asks for is not there.
  if (spec === null) return false;
  const { response } = p;
  const body = response.body === null ? '' : response.body;
  if (spec.status !== undefined && [].concat(spec.status).indexOf(response.status) === -1) return false;
  if (spec.outcome !== undefined && spec.outcome !== p.outcome) return false;
  if (spec.contains !== undefined && ![].concat(spec.contains).every((one) => body.includes(one))) return false;
  if (spec.json !== undefined && !jsonHolds(response, spec.json)) return false;
  if (spec.within !== undefined && p.serviceMs > spec.within) return false;
  if (spec.bytes !== undefined) {
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = spec.bytes;
    if (body.length < min || body.length > max) return false;
  }
  const wanted = spec.header === undefined ? {} : spec.header;
  return Object.keys(wanted).every((name) => {
    const value = headerOf(response, name);
    return value !== '' && value.includes(wanted[name]);
  });
}

function judge(it, name, isRequired, spec) {
  const p = it.pending;
  if (p === null) return;
  const isKept = holds(p, spec);
  check(p.response, { [name]: () => isKept });
  if (isRequired && !isKept && p.outcome === 'ok') {
    p.outcome = 'check';
    it.last = 'check';
  }
}

export function handleSummary(data) {
  const values = (name) => (data.metrics[name] === undefined ? {} : data.metrics[name].values);
  const rows = claims.map((claim) => {
    const { passes = 0, fails = 0 } = values(claim.rateName);
    // Sent, and cut off by the end of the run or by an exception: over every limit.
    const open = Math.max(0, (values(claim.rateName + '_due').count || 0) - passes - fails);
    const dropped = values('dropped_iterations{scenario:' + claim.scenario + '}').count || 0;
    const { id, part, metric, limitMs, scenario } = claim;
    return { id, part, metric, limitMs, scenario, n: passes + fails + open + dropped, over: passes + open + dropped, open, dropped };
  });
  const ok = {};
  for (const key of Object.keys(okRates)) {
    const { passes = 0, fails = 0 } = values('ll_ok_' + key);
    ok[okNames[key]] = { ok: passes, n: Math.max(values('ll_due_' + key).count || 0, passes + fails) };
  }
  const lagP99Ms = values('ll_lag')['p(99)'];
  const requests = values('http_reqs').count || 0;
  const result = { v: 1, plan: planDigest, rows, ok, requests, lagP99Ms: lagP99Ms === undefined ? null : lagP99Ms, notTested };
  return { stdout: 'LOADLINE_RESULT ' + JSON.stringify(result) + '\n' };
}
`;
