-- Does what a test asks of the binding: a JSON object a line on the standard input, the answer a line on the standard output.

local ffi = require "ffi"
local library = require "respaldo.library"
local interface = require "respaldo.interface"
local luasql = require "luasql.sqlite3"
local respaldo = require "respaldo"

ffi.cdef "int chdir(const char *path);"

local json, environment = respaldo.json, luasql.sqlite3()
local does, connections = {}, {}
local store

-- What a call answers, as the library would.
local function outcome(work)
  local well, answer = pcall(work)
  if well then return { status = "OK", answer = answer } end
  if not respaldo.is_failure(answer) then error(answer, 0) end
  return { status = answer.name, answer = { error = answer.failure } }
end

function does.change_folder(asked)
  assert(ffi.C.chdir(asked.path) == 0)
end

function does.open(asked)
  return outcome(function()
    store = respaldo.open(asked.request or {})
    return {}
  end)
end

function does.close()
  if store.closed then return { status = library.status_name(library.close(store.handle)), answer = json.null } end
  store:close()
  return { status = "OK", answer = json.null }
end

local function is_refused(connection, sql)
  local done, why = connection:execute(sql)
  if done then
    connection:execute "ROLLBACK"
    return false
  end
  return why:find "locked" ~= nil or error(why)
end

function does.call(asked)
  local steps, refused = 0, 0
  local function progress()
    steps = steps + 1
    if asked.during and is_refused(connections[asked.during.id], asked.during.sql) then refused = refused + 1 end
    return not asked.cancel
  end
  local result
  if asked.request_text then
    local status, text = library.call(asked.call, store.handle, asked.request_text, progress)
    result = { status = library.status_name(status), answer = json.decode(text) }
  else
    local takes = interface.functions[asked.call]
    result = outcome(function()
      if takes.request then return store[asked.call](store, asked.request, takes.progress and progress or nil) end
      return store[asked.call](store)
    end)
  end
  result.progress, result.refused = steps, refused
  return result
end

function does.connect(asked)
  connections[asked.id] = assert(environment:connect(asked.path))
end

function does.execute(asked)
  local result = assert(connections[asked.id]:execute(asked.sql))
  if type(result) == "number" then return { value = json.null } end
  local row = result:fetch {}
  result:close()
  return { value = row and row[1] or json.null }
end

function does.disconnect(asked)
  connections[asked.id]:close()
end

io.stdout:setvbuf "line"
for line in io.lines() do
  local asked = json.decode(line)
  local well, answer = pcall(does[asked["do"]], asked)
  print(json.encode(well and (answer or {}) or { failed = tostring(answer) }))
end
