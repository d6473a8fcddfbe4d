-- What Lua's users expect: pcall, failures that say what they are, nil for null, closing. Runs in a folder with studio.db.

local respaldo = require "respaldo"

assert(respaldo.version():match "^%d+%.%d+%.%d+$")
local store = respaldo.open { database = "studio.db", language = "en" }

local steps = 0
local made = store:create({ label = "first" }, function(done, total)
  steps = steps + 1
  return done <= total
end)
assert(steps > 0 and made.created and made.backup.label == "first" and made.backup.size > 0)
assert(made.backup.note == nil and not made.backup.rehearsed_at)
assert(store:list().backups[1].content.tables.clients == 400)
assert(store:last_backup().last_backup_at)

local well, raised = pcall(store.create, store, {}, function() error { mine = true } end)
assert(not well and raised.mine and not respaldo.is_failure(raised))
well, raised = pcall(store.create, store, {}, function() return false end)
assert(not well and respaldo.is_failure(raised, "CANCELLED"))
well, raised = pcall(store.restore, store, { backup = "none.db" })
assert(not well and respaldo.is_failure(raised, "BACKUP_NOT_FOUND") and raised.status == 21 and raised.hint ~= "")
assert(tostring(raised):find(raised.hint, 1, true) and raised.path)
well, raised = pcall(store.list, store, { tomorrow = true })
assert(not well and respaldo.is_failure(raised, "INVALID_ARGUMENT") and raised.message:find "tomorrow")
assert(not pcall(respaldo.open, { database = "studio.db", timezone = "Nowhere" }))
assert(#store:list().backups == 1)

-- Progress for many calls, more than LuaJIT has callbacks for, and one inside another.
for _ = 1, 2000 do
  store:annotate({ backup = made.backup.name, note = "again" }, function() end)
end
local inside
store:create({}, function() inside = inside or store:health({}, function() end).overall end)
assert(inside)

store:close()
store:close()
well, raised = pcall(store.list, store)
assert(not well and respaldo.is_failure(raised, "INVALID_HANDLE"))

local json = respaldo.json
local text = [[{"a":[{},[],"\"\\\u0001é😀",-1.5,true,9007199254740993,null]}]]
assert(json.decode(text).a[3] == '"\\\1é😀' and json.decode [["\u00e9\ud83d\ude00\u20ac\/"]] == "é😀€/")
assert(json.encode(json.decode [[{"a":null}]]) == [[{"a":null}]] and json.encode(json.decode "[]") == "[]")
assert(tostring(json.decode(text).a[6]) == "9007199254740993LL")
for _, bad in ipairs { "", "{", "[1", '{"a"}', "nul", '"', "--" } do
  assert(not pcall(json.decode, bad), bad)
end
