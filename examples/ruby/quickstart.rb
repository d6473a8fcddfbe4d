# frozen_string_literal: true

# A backup of studio.db with its progress, the list of all, and a restore of the newest.

require 'respaldo'

begin
  Respaldo::Store.open(database: 'studio.db', language: 'en') do |store|
    made = store.create(label: 'before the update') do |done, total|
      puts "#{done} of #{total} pages" # `false` cancels
    end
    puts "made #{made.backup.path}"

    backups = store.list.backups # the newest first
    backups.each { |backup| puts "#{backup.display} #{backup.name}" }

    restored = store.restore(backup: backups.first.name)
    puts "restored; the database as it was before is #{restored.safety_backup}"
  end
rescue Respaldo::DatabaseLocked => e
  abort "Close the studio's other windows first. #{e.message}"
rescue Respaldo::Error => e
  abort "#{e.message} #{e.hint}" # what is the matter, and what to do next
end
