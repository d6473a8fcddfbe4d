# frozen_string_literal: true

# Does what a test asks of the binding: a JSON object a line on the standard input, the answer a line on the standard output.

require 'respaldo'
require 'sqlite3'

class Driver
  def initialize
    @connections = {}
  end

  def answer(asked)
    send(asked.delete('do'), **asked.transform_keys(&:to_sym)) || {}
  rescue StandardError => e
    { failed: e.full_message(highlight: false) }
  end

  private

  # What a call answers, as the library would.
  def outcome
    { status: 'OK', answer: yield }
  rescue Respaldo::Error => e
    { status: e.status_name, answer: { error: e.failure.to_h } }
  end

  def change_folder(path:)
    Dir.chdir(path)
    {}
  end

  def open(request: {})
    outcome do
      @store = Respaldo::Store.open(**request.transform_keys(&:to_sym))
      {}
    end
  end

  def close
    return { status: Respaldo::Library.status_name(Respaldo::Library.close(@store.handle)), answer: nil } if @store.closed?

    @store.close
    { status: 'OK', answer: nil }
  end

  def call(call:, cancel:, request: {}, request_text: nil, during: nil)
    steps = refused = 0
    progress = lambda do |_, _|
      steps += 1
      refused += refused?(@connections.fetch(during['id']), during['sql']) ? 1 : 0 if during
      !cancel
    end
    result = if request_text
               status, text = Respaldo::Library.call(call, @store.handle, request_text, &progress)
               { status: Respaldo::Library.status_name(status), answer: JSON.parse(text) }
             else
               outcome { @store.public_send(call, **request.transform_keys(&:to_sym), &progress).to_h }
             end
    result.merge(progress: steps, refused: refused)
  end

  def refused?(connection, sql)
    connection.execute(sql)
    connection.execute('ROLLBACK')
    false
  rescue SQLite3::BusyException
    true
  end

  def connect(id:, path:)
    @connections[id] = SQLite3::Database.new(path, readwrite: true)
    {}
  end

  def execute(id:, sql:)
    { value: @connections.fetch(id).get_first_value(sql) }
  end

  def disconnect(id:)
    @connections.delete(id).close
    {}
  end
end

driver = Driver.new
$stdout.sync = true
$stdin.each_line { |line| puts JSON.generate(driver.answer(JSON.parse(line))) }
