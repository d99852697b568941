/**
 * The part of an exported script that speaks over free WebSockets, on k6's own. A call is over when
 * its message came, or the socket went; the one that is waited for holds up the iteration.
 */
export const wsRuntimeJs = String.raw`
const wsConnectMs = 5000;
const wsUnreadMax = 256;

function wsOpen(it, path, o) {
  if (it.sockets === undefined) it.sockets = {};
  const known = it.sockets[path];
  if (known !== undefined && known.end === null) return known;
  const link = { socket: null, isOpen: false, end: null, unread: [], waits: [], opened: [], pongs: [] };
  it.sockets[path] = link;
  const over = (outcome) => {
    if (link.end !== null) return;
    link.end = outcome;
    clearTimeout(timer);
    for (const tell of link.opened.splice(0)) tell(outcome);
    for (const wait of link.waits.splice(0)) wait.done(outcome, null);
    for (const ponged of link.pongs.splice(0)) ponged(outcome);
  };
  const timer = setTimeout(() => {
    over('connect_timeout');
    link.socket.close();
  }, wsConnectMs);
  const socket = new WebSocket(base.replace(/^http/, 'ws') + path, null, {
    headers: Object.assign({}, headers, o.headers),
    tags: o.tags === undefined ? {} : o.tags,
  });
  link.socket = socket;
  socket.onopen = () => {
    if (link.end !== null) return;
    link.isOpen = true;
    clearTimeout(timer);
    for (const tell of link.opened.splice(0)) tell('ok');
  };
  socket.onmessage = (event) => {
    if (typeof event.data !== 'string') return;
    const at = link.waits.findIndex((wait) => event.data.includes(wait.contains));
    if (at !== -1) {
      link.waits.splice(at, 1)[0].done('ok', event.data);
      return;
    }
    link.unread.push(event.data);
    if (link.unread.length > wsUnreadMax) link.unread.shift();
  };
  // k6 says of which ping it is to nobody: they come in order.
  socket.onpong = () => {
    const ponged = link.pongs.shift();
    if (ponged !== undefined) ponged('ok');
  };
  socket.onerror = (event) => {
    if (link.isOpen) over('reset');
    else over(/handshake/.test(String(event.error)) ? 'protocol' : 'connect');
  };
  socket.onclose = () => over('reset');
  return link;
}

function wsOpened(link) {
  if (link.isOpen) return Promise.resolve(link.end === null ? 'ok' : link.end);
  if (link.end !== null) return Promise.resolve(link.end);
  return new Promise((resolve) => link.opened.push(resolve));
}

/** The message that holds a text: the next one, or without isFresh one that came before. */
function wsMessage(link, contains, withinMs, isFresh) {
  const at = isFresh ? -1 : link.unread.findIndex((text) => text.includes(contains));
  if (at !== -1) return Promise.resolve(['ok', link.unread.splice(at, 1)[0]]);
  if (link.end !== null) return Promise.resolve(['reset', null]);
  return new Promise((resolve) => {
    const wait = { contains, done: null };
    const timer = setTimeout(() => {
      link.waits.splice(link.waits.indexOf(wait), 1);
      resolve(['timeout_first_byte', null]);
    }, withinMs);
    wait.done = (outcome, text) => {
      clearTimeout(timer);
      resolve([outcome, text]);
    };
    link.waits.push(wait);
  });
}

/** The pong to a ping sent now. */
function wsPong(link, withinMs) {
  if (link.end !== null) return Promise.resolve(['reset', null]);
  return new Promise((resolve) => {
    // It keeps its place: its pong, when it comes late, is not that of the next.
    const timer = setTimeout(() => resolve(['timeout_first_byte', null]), withinMs);
    const ponged = (outcome) => {
      clearTimeout(timer);
      resolve([outcome, null]);
    };
    link.pongs.push(ponged);
    link.socket.ping();
  });
}

async function wsAct(it, way, path, o) {
  if (way === 'close') {
    wsLeave(it, path);
    return ['ok', null];
  }
  const link = wsOpen(it, path, o);
  const opened = await wsOpened(link);
  if (opened !== 'ok' || way === 'connect') return [opened, null];
  if (way === 'receive') return wsMessage(link, o.contains, o.withinMs, false);
  o.sentMs = Date.now();
  if (way === 'ping') return wsPong(link, o.withinMs);
  const answer = way === 'ask' ? wsMessage(link, o.contains, o.withinMs, true) : ['ok', null];
  link.socket.send(o.message);
  return answer;
}

async function ws(it, name, way, path, o) {
  settle(it);
  const intendedMs = it.isFirst ? it.intendedMs : Date.now();
  it.isFirst = false;
  due(it, name);
  o.sentMs = Date.now();
  const [outcome, body] = await wsAct(it, way, path, o);
  // Date.now() cuts off up to 1 ms: rounded up, so that nothing looks faster than it was.
  const nowMs = Date.now() + 1;
  const response = { status: outcome === 'ok' ? 101 : 0, body, headers: {}, json: () => JSON.parse(body) };
  it.pending = { name, response, responseMs: nowMs - intendedMs, serviceMs: nowMs - o.sentMs, outcome };
  it.last = outcome;
}

function wsLeave(it, path) {
  const link = it.sockets === undefined ? undefined : it.sockets[path];
  if (link === undefined) return;
  delete it.sockets[path];
  if (link.end === null) link.socket.close();
}

/** k6 waits for every socket of an iteration: one that a condition left open is closed. */
function wsEnd(it) {
  for (const path of Object.keys(it.sockets === undefined ? {} : it.sockets)) wsLeave(it, path);
}
`;
