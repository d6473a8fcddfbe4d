rockspec_format = "3.0"
package = "respaldo"
version = "0.1.0-1"
source = { url = "git+file://." }
description = {
  summary = "Back up and restore an application's SQLite database, from inside the application",
  license = "MIT OR Apache-2.0",
}
dependencies = { "lua >= 5.1, < 5.2" }
build = {
  type = "builtin",
  modules = {
    respaldo = "respaldo/init.lua",
    ["respaldo.interface"] = "respaldo/interface.lua",
    ["respaldo.json"] = "respaldo/json.lua",
    ["respaldo.library"] = "respaldo/library.lua",
  },
}
