-- Backups of an application's SQLite database, made and restored from inside the application.

local interface = require "respaldo.interface"
local json = require "respaldo.json"
local library = require "respaldo.library"

local respaldo = { array = json.array, null = json.null, json = json, version = library.version }

-- What is raised where an operation fails: it has the keys of `failure`, which is all that the library said.
local Failure = {
  __index = function(raised, key) return raised.failure[key] end,
  __tostring = function(raised) return raised.failure.message .. " " .. raised.failure.hint end,
}

--- Whether something that was raised is a failure of the library; `name` is such as "DATABASE_LOCKED".
function respaldo.is_failure(raised, name)
  return getmetatable(raised) == Failure and (name == nil or raised.failure.name == name)
end

local function answer(status, text)
  local decoded = json.decode(text)
  if status == 0 then return decoded end
  error(setmetatable({ failure = decoded.error }, Failure), 0)
end

local Store = {}
Store.__index = Store

--- Checks the options; the database need not exist yet.
--- @param options respaldo.Options
--- @return respaldo.Store
function respaldo.open(options)
  local status, text, handle = library.open(json.encode(options))
  answer(status, text)
  local store = setmetatable({ handle = handle, closed = false }, Store)
  -- A table has no finalizer in LuaJIT; this closes a store that is forgotten.
  store.guard = newproxy(true)
  getmetatable(store.guard).__gc = function() store:close() end
  return store
end

--- A second time it does nothing.
function Store:close()
  if self.closed then return end
  self.closed = true
  library.close(self.handle)
end

--- Calls a function by the library's name for it. `progress` gets the pages done and in total, and cancels by answering
--- false; what it raises comes out of the call.
function Store:call(name, request, progress)
  local text = request and json.encode(request) or nil
  return answer(library.call(name, self.handle, text, progress))
end

for name, takes in pairs(interface.functions) do
  Store[name] = takes.request and function(self, request, progress) return self:call(name, request, progress) end
    or function(self) return self:call(name) end
end

return respaldo
