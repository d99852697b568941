/** What was spent of a day or month is kept so long after the last call: more than any month. */
const budgetMs = 40 * 86_400_000;

/**
 * Lua of the shared limiters. Times are integer microseconds of Redis' own clock. Numbers are
 * written with `%.0f`, because Lua's own spelling rounds above 14 digits.
 *
 * | key                      | value                                             |
 * |--------------------------|---------------------------------------------------|
 * | `{ll...}:r:..`, `:t:..`  | TAT; expires when the limiter is full again       |
 * | `{ll...}:m:..`           | hash: w = window, s = spent and reserved nanos;   |
 * |                          | of a day or month it expires 40 days after the    |
 * |                          | last call                                         |
 * | `{ll...}:c:..`           | slots in use                                      |
 * | `{ll...}:leases`         | open leases by expiry                             |
 * | `{ll...}:leases:<id>`    | one line per limiter: kind, amount, mark, key     |
 * | `{ll...}:m:..:told:..`   | a share of a budget was told of; expires like it  |
 * | `{ll}:replicas`          | replicas by the time they were last seen          |
 */
const shared = `
local function num(x) return string.format('%.0f', x) end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local function setTat(key, tat)
  local left = tat - now
  if left > 0 then
    redis.call('SET', key, num(tat), 'PX', num(math.ceil(left / 1000) + 1000))
  else
    redis.call('DEL', key)
  end
end
local function keepBudget(key, window)
  if window ~= 'total' then redis.call('PEXPIRE', key, ${budgetMs}) end
end
local function finish(leases, id, expired, nano, deltas)
  local key = leases .. ':' .. id
  redis.call('ZREM', leases, id)
  local record = redis.call('GET', key)
  if not record then return 0 end
  redis.call('DEL', key)
  local n = 0
  for kind, amount, mark, bucket in string.gmatch(record, '(%a) (%d+) (%S+) ([^\\n]+)') do
    if kind == 'c' then
      if redis.call('DECR', bucket) <= 0 then redis.call('DEL', bucket) end
    elseif kind == 't' or kind == 'r' then
      n = n + 1
      local delta = tonumber(deltas[n] or '0')
      if expired then delta = kind == 't' and -tonumber(amount) or 0 end
      local tat = tonumber(redis.call('GET', bucket) or '0')
      if delta > 0 then
        setTat(bucket, math.max(tat, now) + delta)
      elseif delta < 0 then
        setTat(bucket, tat - math.min(-delta, math.max(0, tonumber(mark) - now)))
      end
    elseif kind == 'm' and not expired and nano ~= 0 then
      if nano > 0 or redis.call('HGET', bucket, 'w') == mark then
        redis.call('HINCRBY', bucket, 's', num(nano))
      end
    end
  end
  return 1
end
`;

/** Leases of vanished processes looked at per call. */
const sweptMax = 16;
/** Kept also when it is over, ms: what another replica admitted alone comes on top of it. */
const restoredMs = 10_000;
/** How long a lease's record outlives its expiry, in ms. */
const recordGraceMs = 3_600_000;

/**
 * Many reservations in one call, each as if it came alone, in their order: checks every limiter of
 * one, then takes from all or none.
 * KEYS: leases, replicas, then the limiters of each plan. ARGV: two texts. The first has a line per
 * plan, and in it for each limiter kind, a, b: `r` cost capacity, `t` 0 capacity, `c` limit 0, `m` 0
 * limit. `R` is an `r` that a settle may give back, because the call may yet be refused elsewhere.
 * The second has a line per reservation: plan (from 0), id, ttl in us, then for each `t` its cost and
 * for each `m` nano and window.
 * Answers one text of integers: now, replicas, then for each 1 or 0 (admitted or not), position
 * refused (from 0, or -1), wait us, each limiter's state; or 2 alone: a key holds something else.
 */
export const reserveScript = `${shared}
local leases = KEYS[1]
local stale = redis.call('ZRANGEBYSCORE', leases, '-inf', num(now), 'LIMIT', 0, ${sweptMax})
for _, id in ipairs(stale) do finish(leases, id, true, 0, {}) end
local out = {num(now), num(redis.call('ZCARD', KEYS[2]))}
local function say(x) out[#out + 1] = num(x) end
local plans, at = {}, 3
for line in string.gmatch(ARGV[1], '[^\\n]+') do
  local plan = {}
  for kind, a, b in string.gmatch(line, '(%a) (%S+) (%S+)') do
    plan[#plan + 1] = {kind, tonumber(a), tonumber(b), KEYS[at]}
    at = at + 1
  end
  plans[#plans + 1] = plan
end
local function check(plan, words)
  local state, cost, window = {}, {}, {}
  local refused, longest = -1, 0
  for i, limiter in ipairs(plan) do
    local kind, a, b, key = limiter[1], limiter[2], limiter[3], limiter[4]
    local wait = 0
    if kind == 'c' then
      state[i] = tonumber(redis.call('GET', key) or '0')
      if state[i] >= a then wait = 1000000 end
    elseif kind == 'm' then
      cost[i], window[i] = tonumber(words()), words()
      state[i] = 0
      local was = redis.call('HMGET', key, 'w', 's')
      if was[1] and was[1] >= window[i] then
        window[i] = was[1]
        state[i] = tonumber(was[2] or '0')
      end
      if state[i] + cost[i] > b then wait = 1 end
    else
      cost[i] = kind == 't' and tonumber(words()) or a
      state[i] = tonumber(redis.call('GET', key) or '0')
      wait = math.max(state[i] - now, 0) + cost[i] - b
    end
    if wait > 0 and (refused < 0 or wait > longest) then
      refused = i - 1
      longest = wait
    end
  end
  return refused, longest, state, cost, window
end
local function take(plan, id, ttl, state, cost, window)
  local lines = {}
  for i, limiter in ipairs(plan) do
    local kind, key, a = limiter[1], limiter[4], cost[i]
    if kind == 'c' then
      state[i] = redis.call('INCR', key)
      redis.call('PEXPIRE', key, num(ttl / 1000 + ${recordGraceMs}))
      lines[#lines + 1] = 'c 1 - ' .. key
    elseif kind == 'm' then
      state[i] = state[i] + a
      redis.call('HSET', key, 'w', window[i], 's', num(state[i]))
      keepBudget(key, window[i])
      lines[#lines + 1] = 'm ' .. num(a) .. ' ' .. window[i] .. ' ' .. key
    else
      state[i] = math.max(state[i], now) + a
      setTat(key, state[i])
      if kind == 't' or kind == 'R' then
        lines[#lines + 1] = string.lower(kind) .. ' ' .. num(a) .. ' ' .. num(state[i]) .. ' ' .. key
      end
    end
  end
  if #lines == 0 then return end
  redis.call('ZADD', leases, num(now + ttl), id)
  redis.call('SET', leases .. ':' .. id, table.concat(lines, '\\n'), 'PX',
    num(ttl / 1000 + ${recordGraceMs}))
end
for line in string.gmatch(ARGV[2], '[^\\n]+') do
  local words = string.gmatch(line, '%S+')
  local plan, id, ttl = plans[tonumber(words()) + 1], words(), tonumber(words())
  local isRead, refused, longest, state, cost, window = pcall(check, plan, words)
  if isRead then
    if refused < 0 then take(plan, id, ttl, state, cost, window) end
    say(refused < 0 and 1 or 0)
    say(refused)
    say(longest)
    for i = 1, #plan do say(state[i]) end
  else
    say(2)
  end
end
return table.concat(out, ' ')
`;

/**
 * Settles leases; one that is unknown or settled already changes nothing.
 * KEYS: leases. ARGV: a text with a line per lease: id, nano delta, the delta of each `t` or `R` in us.
 * Answers how many were open.
 */
export const settleScript = `${shared}
local settled = 0
for line in string.gmatch(ARGV[1], '[^\\n]+') do
  local words = string.gmatch(line, '%S+')
  local id, nano = words(), tonumber(words())
  local deltas = {}
  for delta in words do deltas[#deltas + 1] = delta end
  settled = settled + finish(KEYS[1], id, false, nano, deltas)
end
return settled
`;

/**
 * Brings back what a replica knows after Redis was away.
 * KEYS: limiters. ARGV per limiter: `r`/`t` told since alone, `m` told since window.
 * The larger of `told`, as Redis last told it (below 0: only where it has forgotten its own), and
 * theirs, plus what was admitted here since then. A TAT is not before `alone`, where that alone would bring it.
 */
export const restoreScript = `${shared}
for i = 1, #KEYS do
  local at = (i - 1) * 4 + 1
  local kind, a, b, c = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), ARGV[at + 3]
  local key = KEYS[i]
  if kind == 'm' then
    local was = redis.call('HMGET', key, 'w', 's')
    if not was[1] or was[1] < c then
      redis.call('HSET', key, 'w', c, 's', num(a + b))
      keepBudget(key, c)
    elseif was[1] == c then
      redis.call('HSET', key, 's', num(math.max(tonumber(was[2] or '0'), a) + b))
    end
  else
    local known = redis.call('GET', key)
    local was = tonumber(known or '0')
    if a < 0 then a = known and 0 or -a end
    local tat = math.max(math.max(was, a) + b, tonumber(c))
    if tat > was then
      local left = math.max(tat - now, 0)
      redis.call('SET', key, num(tat), 'PX', num(math.ceil(left / 1000) + ${restoredMs}))
    end
  end
end
return #KEYS
`;

/**
 * Renews open leases; those that Redis has lost or never saw are made known again, slots included.
 * KEYS: leases. ARGV per lease: id, ttl in us, record. Answers how many were not known.
 */
export const adoptScript = `${shared}
local leases, adopted = KEYS[1], 0
for at = 1, #ARGV, 3 do
  local key = leases .. ':' .. ARGV[at]
  local ttl = tonumber(ARGV[at + 1])
  local keepMs = num(math.floor(ttl / 1000) + ${recordGraceMs})
  if ttl > 0 and redis.call('EXISTS', key) == 1 then
    local until_ = tonumber(redis.call('ZSCORE', leases, ARGV[at]) or '0')
    if until_ > 0 and until_ < now + ttl then
      redis.call('ZADD', leases, num(now + ttl), ARGV[at])
      redis.call('PEXPIRE', key, keepMs)
      for bucket in string.gmatch(ARGV[at + 2], 'c 1 %- ([^\\n]+)') do
        redis.call('PEXPIRE', bucket, keepMs)
      end
    end
  elseif ttl > 0 then
    adopted = adopted + 1
    redis.call('ZADD', leases, num(now + ttl), ARGV[at])
    redis.call('SET', key, ARGV[at + 2], 'PX', keepMs)
    for bucket in string.gmatch(ARGV[at + 2], 'c 1 %- ([^\\n]+)') do
      redis.call('INCR', bucket)
      redis.call('PEXPIRE', bucket, keepMs)
    end
  end
end
return adopted
`;

/** KEYS: replicas. ARGV: own name, us until a silent one is forgotten. Answers now and their number. */
export const beatScript = `${shared}
redis.call('ZADD', KEYS[1], num(now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', num(now - tonumber(ARGV[2])))
return {now, redis.call('ZCARD', KEYS[1])}
`;

/** KEYS: mark. ARGV: window of its budget. Answers 1 to the first that leaves it, 0 to all others. */
export const markScript = `${shared}
if not redis.call('SET', KEYS[1], '1', 'NX') then return 0 end
keepBudget(KEYS[1], ARGV[1])
return 1
`;
