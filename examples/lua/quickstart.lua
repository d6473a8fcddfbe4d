-- A backup of studio.db with its progress, the list of all, and a restore of the newest.

local respaldo = require "respaldo"

local well, raised = pcall(function()
  local store = respaldo.open { database = "studio.db", language = "en" }
  local made = store:create({ label = "before the update" }, function(done, total)
    print(("%d of %d pages"):format(done, total)) -- `return false` cancels
  end)
  print("made", made.backup.path)

  local backups = store:list().backups -- the newest first
  for _, backup in ipairs(backups) do print(backup.display, backup.name) end

  local restored = store:restore { backup = backups[1].name }
  print("restored; the database as it was before is", restored.safety_backup)
  store:close()
end)
if not well then
  if respaldo.is_failure(raised, "DATABASE_LOCKED") then io.stderr:write "Close the studio's other windows first. " end
  io.stderr:write(tostring(raised), "\n") -- what is the matter, and what to do next
  os.exit(1)
end
