-- JSON as Lua sees it, with nothing lost. null is nil, and the object remembers which keys had it; whole numbers beyond 2^53
-- are int64_t; an array is marked as one, so that it stays one when it is empty.

local ffi = require "ffi"
ffi.cdef "long long strtoll(const char *text, char **end, int base);"

local json = {}

local Array = {}

--- Marks a table as an array, for those that are empty: `respaldo.array {}`.
function json.array(elements)
  return setmetatable(elements, Array)
end

local ESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

local function utf8(code)
  if code < 0x80 then return string.char(code) end
  local last = 0x80 + code % 0x40
  local rest = math.floor(code / 0x40)
  if code < 0x800 then return string.char(0xC0 + rest, last) end
  local third = 0x80 + rest % 0x40
  rest = math.floor(rest / 0x40)
  if code < 0x10000 then return string.char(0xE0 + rest, third, last) end
  return string.char(0xF0 + math.floor(rest / 0x40), 0x80 + rest % 0x40, third, last)
end

local function unescaped(text)
  text = text:gsub("\\u([dD][89abAB]%x%x)\\u([dD][c-fC-F]%x%x)", function(high, low)
    return utf8(0x10000 + (tonumber(high, 16) - 0xD800) * 0x400 + tonumber(low, 16) - 0xDC00)
  end)
  return (text:gsub("\\(.)(%x?%x?%x?%x?)", function(escape, digits)
    if escape == "u" then return utf8(tonumber(digits, 16)) end
    return (ESCAPES[escape] or escape) .. digits
  end))
end

local value

local function string_at(text, at)
  local from = at + 1
  local found = text:find('["\\]', from)
  while found and text:byte(found) == 92 do
    found = text:find('["\\]', found + 2)
  end
  if not found then error("not JSON: a string without an end") end
  local inside = text:sub(from, found - 1)
  return inside:find("\\", 1, true) and unescaped(inside) or inside, found + 1
end

local function number_at(text, at)
  local digits = text:match("^[-+%d.eE]+", at)
  local number = tonumber(digits or "")
  if not number then error("not JSON at " .. at) end
  if math.abs(number) >= 2 ^ 53 and not digits:find "[.eE]" then number = ffi.C.strtoll(digits, nil, 10) end
  return number, at + #digits
end

local function array_at(text, at)
  local elements, count = json.array {}, 0
  at = text:find("%S", at + 1)
  if text:sub(at, at) == "]" then return elements, at + 1 end
  while true do
    count = count + 1
    elements[count], at = value(text, at)
    at = text:find("%S", at)
    local mark = text:sub(at or 0, at or 0)
    if mark == "]" then return elements, at + 1 end
    if mark ~= "," then error("not JSON: an array without an end") end
    at = at + 1
  end
end

local function object_at(text, at)
  local members, nulls = {}, nil
  at = text:find("%S", at + 1)
  if text:sub(at, at) == "}" then return members, at + 1 end
  while true do
    at = text:find('"', at, true)
    local key, behind = string_at(text, at)
    behind = text:match("^%s*:()", behind) or error("not JSON: a key without a value")
    members[key], at = value(text, behind)
    if members[key] == nil then
      nulls = nulls or {}
      nulls[#nulls + 1] = key
    end
    at = text:find("%S", at)
    local mark = text:sub(at or 0, at or 0)
    if mark == "}" then return nulls and setmetatable(members, { nulls = nulls }) or members, at + 1 end
    if mark ~= "," then error("not JSON: an object without an end") end
    at = at + 1
  end
end

function value(text, at)
  at = text:find("%S", at) or error("not JSON: it ends")
  local mark = text:sub(at, at)
  if mark == "{" then return object_at(text, at) end
  if mark == "[" then return array_at(text, at) end
  if mark == '"' then return string_at(text, at) end
  local word = text:match("^%a+", at)
  if word == "true" then return true, at + 4 end
  if word == "false" then return false, at + 5 end
  if word == "null" then return nil, at + 4 end
  return number_at(text, at)
end

--- Reads a JSON text.
function json.decode(text)
  return (value(text, 1))
end

local function escaped(text)
  return '"' .. text:gsub('[%c"\\]', function(c)
    if c == '"' or c == "\\" then return "\\" .. c end
    return c == "\127" and c or ("\\u%04x"):format(c:byte())
  end) .. '"'
end

local encode

local function array_text(elements)
  local texts = {}
  for number, element in ipairs(elements) do
    texts[number] = encode(element)
  end
  return "[" .. table.concat(texts, ",") .. "]"
end

local function object_text(members)
  local texts = {}
  for key, member in pairs(members) do
    texts[#texts + 1] = escaped(tostring(key)) .. ":" .. encode(member)
  end
  for _, key in ipairs((getmetatable(members) or {}).nulls or {}) do
    if members[key] == nil then texts[#texts + 1] = escaped(key) .. ":null" end
  end
  return "{" .. table.concat(texts, ",") .. "}"
end

--- null, for a request that has to say it.
json.null = setmetatable({}, { __tostring = function() return "null" end })

function encode(something)
  local kind = type(something)
  if something == json.null or something == nil then return "null" end
  if kind == "string" then return escaped(something) end
  if kind == "boolean" then return tostring(something) end
  if kind == "cdata" then return (tostring(something):gsub("U?LL$", "")) end
  if kind == "number" then
    local whole = something == math.floor(something) and math.abs(something) < 2 ^ 53
    return ((whole and "%d" or "%.17g"):format(something):gsub(",", "."))
  end
  if kind ~= "table" then error("a " .. kind .. " has no JSON", 0) end
  if getmetatable(something) == Array or something[1] ~= nil then return array_text(something) end
  return object_text(something)
end

--- The JSON text of a value.
json.encode = encode

return json
