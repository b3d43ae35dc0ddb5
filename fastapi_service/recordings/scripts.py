"""The Lua of `fastapi_service.recordings.steps`, and nothing else."""

from contracts.ledger import NOW

OVER = "local over = {completed=true, failed=true, cancelled=true}"

APPEND = (
    OVER
    + """
local function append(session, events, body, ttl)
  redis.call('EXPIRE', session, ttl)  -- a write: from here on a full memory stops nothing
  local seq = redis.call('HINCRBY', session, 'seq', 1)
  local numbered = '{"seq":' .. seq .. ',' .. string.sub(body, 2)
  redis.call('XADD', events, seq .. '-0', 'body', numbered)
  redis.call('EXPIRE', events, ttl)
  redis.call('PUBLISH', events, numbered)
  return seq
end
"""
)

PURGE = """
local function purge(id, open, pending, mark_ttl)
  for _, number in ipairs(redis.call('SMEMBERS', open)) do
    local member = id .. ':' .. number
    redis.call('ZREM', pending, member)
    redis.call('DEL', 'segment:' .. member, 'audio:' .. member)
    redis.call('SET', 'done:' .. member .. ':result', 0, 'EX', mark_ttl)
  end
  redis.call('DEL', open)
end
"""

SUBMIT = (
    NOW
    + APPEND
    + """
local job, session, segment, open, pending, jobs, own, same, idem, events = unpack(KEYS)
local id, owner, record, request, member, most, share, created, content, body, grace, stage, ttl, webhook, awaited =
  unpack(ARGV)
if redis.call('EXISTS', job) == 1 then return {'new', id} end  -- its answer was lost
if idem ~= '' then
  local known = redis.call('GET', idem)
  if known then
    local first, had = string.match(known, '^(%S+) (%S+)$')
    if had ~= content then return {'conflict', first} end
    local stands = redis.call('HGET', 'job:' .. first, 'status')
    if stands and not (awaited == '1' and stands == 'cancelled') then  -- its sender has come back too late
      redis.pcall('HSET', 'job:' .. first, 'heard', now / 1000)
      return {'again', first}
    end
  end
end
local twin = redis.call('GET', same)
local status = twin and redis.call('HGET', 'job:' .. twin, 'status')
if status and status ~= 'failed' and status ~= 'cancelled' then
  redis.pcall('HSET', 'job:' .. twin, 'heard', now / 1000)  -- else it may be cancelled at this very moment
  if idem ~= '' then redis.call('SET', idem, twin .. ' ' .. content, 'EX', ttl) end
  return {'same', twin}
end
local mine = redis.call('ZCARD', own)
if mine >= tonumber(share) then
  for _, each in ipairs(redis.call('ZRANGE', own, 0, -1)) do  -- the conductor may have dropped one
    if redis.call('EXISTS', 'job:' .. each) == 0 then mine = mine - 1 end
  end
  if mine >= tonumber(share) then return {'share', ''} end
end
if redis.call('ZCARD', jobs) >= tonumber(most) then return {'full', ''} end
redis.call('HSET', job, 'record', record, 'owner', owner, 'status', 'queued', 'stage', 'queued', 'progress', 0,
  'same', same, 'created', created, 'heard', now / 1000)
if webhook ~= '' then redis.call('HSET', job, 'webhook', webhook) end
redis.call('HSET', session, 'owner', 'conductor', 'created', created, 'settled', 0, 'utterances', 0, 'failed', 0)
redis.call('HSET', segment, 'request', request, 'stage', stage)
redis.call('EXPIRE', segment, ttl)
redis.call('SADD', open, 0)
redis.call('ZADD', pending, now + grace, member)
redis.call('ZADD', jobs, now, id)
local at = now
while redis.call('ZCOUNT', own, at, at) > 0 do at = at + 1 end  -- pages of the list begin between two of them
redis.call('ZADD', own, at, id)
redis.call('EXPIRE', own, 7 * ttl)
redis.call('SET', same, id, 'EX', ttl)
if idem ~= '' then redis.call('SET', idem, id .. ' ' .. content, 'EX', ttl) end
append(session, events, body, ttl)
return {'new', id}
"""
)

NOTE = (
    APPEND
    + """
local rank = {queued=0, prepare=1, transcribe=2, merge=3}
local job, session, events = unpack(KEYS)
local status, stage, progress, message, body, ttl = unpack(ARGV)
local known = redis.call('HMGET', job, 'status', 'progress', 'stage')
if not known[1] or over[known[1]] then return 0 end
if tonumber(progress) < tonumber(known[2] or 0) or rank[stage] < (rank[known[3]] or 0) then return 0 end
append(session, events, body, ttl)
redis.call('HSET', job, 'status', status, 'stage', stage, 'progress', progress, 'message', message)
return 1
"""
)

CHUNKS = (
    NOW
    + """
local job, chunks, jobs = unpack(KEYS)
local status = redis.call('HGET', job, 'status')
if not status or status == 'cancelled' then return 0 end
redis.call('HSET', job, 'seconds', ARGV[1])
for i = 3, #ARGV, 2 do redis.call('HSET', chunks, ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', chunks, ARGV[2])
redis.call('ZADD', jobs, 'XX', now, string.sub(job, 5))
return 1
"""
)

PREPARED = (
    NOW
    + """
local job, mark, segment, open, pending, jobs = unpack(KEYS)
local id, member, seconds, total, mark_ttl, note = unpack(ARGV)
if redis.call('EXISTS', job) == 0 or redis.call('EXISTS', mark) == 1 then return 0 end
redis.call('ZREM', pending, member)
redis.call('SREM', open, 0)
redis.call('DEL', segment)
redis.call('HSET', job, 'cut', 1, 'seconds', seconds, 'chunks', total, 'note', note)
redis.call('ZADD', jobs, 'XX', now, id)
redis.call('SET', mark, 1, 'EX', mark_ttl)
return 1
"""
)

END = (
    NOW
    + APPEND
    + PURGE
    + """
local job, session, events, open, pending, jobs, webhooks, webhook = unpack(KEYS)
local id, status, problem, message, body, keep, ttl, mark_ttl, event = unpack(ARGV)
local known = redis.call('HMGET', job, 'status', 'same')
if not known[1] then return false end
if over[known[1]] then return known[1] end
local seq = append(session, events, body, ttl)
local expires = math.floor(now / 1000) + tonumber(keep)
redis.call('HSET', job, 'status', status, 'ended', math.floor(now / 1000), 'expires', expires,
  'problem', problem, 'message', message)
if status == 'completed' then redis.call('HSET', job, 'stage', 'done', 'progress', 100) end
if status == 'cancelled' then
  purge(id, open, pending, mark_ttl)
  redis.call('XTRIM', events, 'MINID', seq .. '-0')  -- its words are erased with it
  redis.call('HSET', session, 'owner', '')  -- what a conductor is about to add is refused
end
local same = known[2] or ''  -- a damaged job may have none
if status ~= 'completed' and redis.call('GET', same) == id then redis.call('DEL', same) end
redis.call('ZADD', jobs, now, id)
if redis.call('HEXISTS', job, 'webhook') == 1 then
  redis.call('HSET', webhook, 'tries', 0, unpack(redis.call('HGETALL', job)))
  redis.call('ZADD', webhooks, now, event)
end
return status
"""
)

REOPEN = """
local job, jobs = unpack(KEYS)
local known = redis.call('HMGET', job, 'status', 'cut')
if known[1] ~= 'failed' then return 0 end
redis.call('HSET', job, 'status', 'running', 'stage', known[2] == '1' and 'transcribe' or 'prepare',
  'message', 'tried once more', 'problem', '', 'ended', '', 'expires', '')
return 1
"""

FORGET = (
    PURGE
    + """
local job, session, events, open, pending, jobs, own, chunks, letters = unpack(KEYS)
local id, mark_ttl = unpack(ARGV)
purge(id, open, pending, mark_ttl)
if (tonumber(redis.call('HGET', session, 'failed')) or 0) > 0 then  -- its dead letters go with it
  for _, letter in ipairs(redis.call('XRANGE', letters, '-', '+')) do
    local member = letter[2][2]
    if string.sub(member, 1, #id + 1) == id .. ':' then
      redis.call('XDEL', letters, letter[1])
      redis.call('DEL', 'dead:' .. member)
    end
  end
end
local same = redis.call('HGET', job, 'same')
if same and redis.call('GET', same) == id then redis.call('DEL', same) end
redis.call('DEL', job, session, events, chunks)
redis.call('ZREM', jobs, id)
redis.call('ZREM', own, id)
return 1
"""
)

ALONE = """
for _, key in ipairs({redis.call('HGET', KEYS[1], 'same') or '', unpack(KEYS, 2)}) do
  local known = key ~= '' and redis.call('GET', key)
  if known and string.match(known, '^%S*') == ARGV[1] then redis.call('DEL', key) end
end
return 1
"""

HEAR = NOW + "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'heard', now / 1000) end return 1"

CLAIM = (
    NOW
    + """
local lock, jobs = unpack(KEYS)
local own, lock_ms, put_off, limit, ttl = unpack(ARGV)
local holder = redis.call('GET', lock)
if holder and holder ~= own then return false end
redis.call('PEXPIRE', lock, lock_ms)
redis.call('SET', lock, own, 'PX', lock_ms)
local due = redis.call('ZRANGEBYSCORE', jobs, '-inf', now, 'LIMIT', 0, limit)
for _, id in ipairs(due) do
  redis.call('ZADD', jobs, 'XX', now + put_off, id)
  for _, key in ipairs({'session:' .. id, 'sess:' .. id, 'open:' .. id, 'job:' .. id .. ':chunks'}) do
    if redis.call('TTL', key) < tonumber(ttl) then redis.call('EXPIRE', key, ttl) end  -- results may be kept for longer
  end
end
return {now, due}
"""
)

REST = (
    OVER
    + """
local jobs, job = unpack(KEYS)
local id, until_ms, cleaned = unpack(ARGV)
if not over[redis.call('HGET', job, 'status')] then return 0 end  -- erased, or a dead letter was replayed
redis.call('ZADD', jobs, 'XX', 'GT', until_ms, id)
if cleaned == '1' then redis.call('HSET', job, 'cleaned', 1) end
return 1
"""
)

LOOK = """
local job, session, open, chunks = unpack(KEYS)
local fed = redis.call('HMGET', session, 'utterances', 'failed', 'language')
return {redis.call('HGETALL', job), fed, redis.call('SMEMBERS', open), redis.call('HLEN', chunks)}
"""
