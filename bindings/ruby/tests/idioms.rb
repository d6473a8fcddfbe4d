# frozen_string_literal: true

# What Ruby's users expect: blocks, exceptions by status, closing, threads. Runs in a folder with studio.db.

require 'respaldo'

def check(holds)
  raise "failed: #{caller_locations(1, 1).first}" unless holds
end

def raises(wanted)
  yield
rescue wanted => e
  e
else
  raise "#{wanted} was expected: #{caller_locations(1, 1).first}"
end

check Respaldo.version.match?(/\A\d+\.\d+\.\d+\z/)
left = nil
Respaldo::Store.open(database: 'studio.db', language: 'en') do |store|
  left = store
  steps = 0
  made = store.create(label: 'first') { |done, total| steps += 1 if done <= total }
  check steps.positive? && made.created && made.backup.label == 'first' && made.backup[:size].positive?
  check store.list.backups.first.content.tables['clients'] == 400
  check store.last_backup.last_backup_at
  check Thread.new { store.health }.value.findings.all?(Respaldo::Finding)

  raises(IndexError) { store.create { raise IndexError, 'mine' } }
  raises(Respaldo::Cancelled) { store.create { false } }
  error = raises(Respaldo::BackupNotFound) { store.restore(backup: 'none.db') }
  check error.is_a?(Respaldo::Error) && error.status == 21 && !error.hint.empty? && error.path
  check raises(Respaldo::InvalidArgument) { store.list(tomorrow: true) }.message.include?('tomorrow')
  check store.list.backups.size == 1
end
check left.closed? && left.close.nil?
raises(Respaldo::InvalidHandle) { left.list }
raises(Respaldo::UnknownTimezone) { Respaldo::Store.open(database: 'studio.db', timezone: 'Nowhere') }

tomorrow = Respaldo::Backup.new({ 'name' => 'a', 'colour' => 'red' })
check tomorrow.name == 'a' && tomorrow.size.nil? && tomorrow[:colour] == 'red' && tomorrow.to_h.key?('colour')
