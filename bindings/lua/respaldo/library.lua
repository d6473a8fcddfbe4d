-- The library as it is: found, checked, and called with texts.

local ffi = require "ffi"
local interface = require "respaldo.interface"

local library = {}

local DECLARED = [[
typedef int32_t (*respaldo_progress_fn)(void *user_data, uint64_t pages_done, uint64_t pages_total);
int32_t respaldo_open(const char *options, uint32_t *store, char **answer);
int32_t respaldo_close(uint32_t store);
void respaldo_string_free(char *json);
const char *respaldo_version(void);
uint32_t respaldo_abi_version(void);
const char *respaldo_status_name(int32_t status);
]]
for name, takes in pairs(interface.functions) do
  local request = takes.request and "const char *request, " or ""
  local progress = takes.progress and "respaldo_progress_fn progress, void *user_data, " or ""
  DECLARED = DECLARED .. ("int32_t respaldo_%s(uint32_t store, %s%schar **answer);\n"):format(name, request, progress)
end
ffi.cdef(DECLARED)

local FILE_NAME = ({ Windows = "respaldo.dll", OSX = "librespaldo.dylib" })[jit.os] or "librespaldo.so"

-- The places to try. With RESPALDO_LIBRARY set, no other is tried in its place.
local function candidates()
  local chosen = os.getenv "RESPALDO_LIBRARY"
  if chosen and chosen ~= "" then
    local inside = chosen:gsub("[/\\]$", "") .. "/" .. FILE_NAME
    local file = io.open(inside, "rb")
    if file then file:close() end
    return { file and inside or chosen }
  end
  local folder = debug.getinfo(1, "S").source:match "^@(.*[/\\])" or "./"
  local system = jit.os == "Linux" and { FILE_NAME .. ".1", FILE_NAME } or { FILE_NAME }
  return { folder .. FILE_NAME, unpack(system) }
end

local function checked(path)
  local found = ffi.load(path)
  local version = found.respaldo_abi_version()
  if version ~= interface.abi_version then
    error(("its ABI version is %d, this module needs %d"):format(version, interface.abi_version), 0)
  end
  return found
end

local loaded

--- The functions, loaded once.
function library.functions()
  if loaded then return loaded end
  local failures = {}
  for _, path in ipairs(candidates()) do
    local fits, result = pcall(checked, path)
    if fits then
      loaded = result
      return loaded
    end
    failures[#failures + 1] = ("  %s: %s"):format(path, result)
  end
  error("The respaldo library could not be loaded. Tried:\n" .. table.concat(failures, "\n")
    .. "\nPut it beside the module's files, install it, or set RESPALDO_LIBRARY to its file.", 0)
end

-- The progress of the calls that are running, the innermost last. LuaJIT has few callbacks: one is made for all of them.
local running = {}
local step

local function progress_step()
  step = step or ffi.cast("respaldo_progress_fn", function(_, done, total)
    local call = running[#running]
    if call.failed then return 1 end
    local well, answer = pcall(call.progress, tonumber(done), tonumber(total))
    if well then return answer == false and 1 or 0 end
    call.failed = { answer } -- no error may cross C
    return 1
  end)
  return step
end

local function taken(status, answer)
  if answer[0] == nil then error(("no memory was left for the answer (status %d)"):format(status), 0) end
  local text = ffi.string(answer[0])
  library.functions().respaldo_string_free(answer[0])
  return status, text
end

--- Opens a store. Answers the status, the answer's text, and the handle.
function library.open(text)
  local handle, answer = ffi.new "uint32_t[1]", ffi.new "char *[1]"
  local status, json = taken(library.functions().respaldo_open(text, handle, answer), answer)
  return status, json, handle[0]
end

function library.close(handle)
  return library.functions().respaldo_close(handle)
end

--- Calls a function. What `progress` raises cancels the call, and is raised when that has ended. Answers the status and the
--- answer's text.
function library.call(name, handle, text, progress)
  local takes, answer = interface.functions[name], ffi.new "char *[1]"
  local call = library.functions()["respaldo_" .. name]
  if takes.progress then
    local own = { progress = progress }
    running[#running + 1] = own
    local status = call(handle, text, progress and progress_step() or nil, nil, answer)
    running[#running] = nil
    if own.failed then
      library.functions().respaldo_string_free(answer[0])
      error(own.failed[1], 0)
    end
    return taken(status, answer)
  end
  if takes.request then return taken(call(handle, text, answer), answer) end
  return taken(call(handle, answer), answer)
end
-- A compiled call must not call back.
jit.off(library.call)

function library.status_name(status)
  return ffi.string(library.functions().respaldo_status_name(status))
end

function library.version()
  return ffi.string(library.functions().respaldo_version())
end

return library
