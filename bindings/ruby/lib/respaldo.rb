# frozen_string_literal: true

require 'json'
require_relative 'respaldo/answer'
require_relative 'respaldo/interface'
require_relative 'respaldo/library'

# Backups of an application's SQLite database, made and restored from inside the application.
module Respaldo
  # An operation failed. `message` says what, `hint` what to do next, both for the user. Each status has its own class.
  class Error < StandardError
    # All that the library said.
    attr_reader :failure

    def self.for(json)
      (BY_STATUS[json['status']] || Error).new(json)
    end

    def initialize(json)
      @failure = Failure.new(json)
      super(json['message'])
    end

    def status = failure.status
    def status_name = failure.name
    def hint = failure.hint
    def path = failure.path
  end

  # A class for each status: DATABASE_LOCKED is Respaldo::DatabaseLocked.
  BY_STATUS = STATUSES.to_h do |name, number|
    next [number, nil] if number.zero?

    [number, const_set(name.split('_').map(&:capitalize).join, Class.new(Error))]
  end.freeze

  def self.version
    Library.version
  end

  # The backups of one database. Any thread may use it. A request's keys are arguments, and a block is its progress: it gets
  # the pages done and in total, and cancels by answering false.
  class Store
    # The library's number of this store.
    attr_reader :handle

    # Opens a store; with a block, closes it behind the block, whose value it answers.
    def self.open(**options)
      store = new(**options)
      return store unless block_given?

      begin
        yield store
      ensure
        store.close
      end
    end

    def initialize(**options)
      status, @handle, text = Library.open(JSON.generate(options))
      Respaldo.answer(status, text)
    end

    # A second time it does nothing.
    def close
      return if closed?

      @closed = true
      Library.close(@handle)
      nil
    end

    def closed?
      @closed || false
    end

    # Calls a function by the library's name for it; the answer is a Hash.
    def call(name, request = nil, &progress)
      Respaldo.answer(*Library.call(name, @handle, request && JSON.generate(request), &progress))
    end

    FUNCTIONS.each do |name, (takes_request, _, answer)|
      if takes_request
        define_method(name) { |**request, &progress| Answer.made(answer, call(name, request, &progress)) }
      else
        define_method(name) { Answer.made(answer, call(name)) }
      end
    end
  end

  def self.answer(status, text)
    answer = JSON.parse(text)
    raise Error.for(answer['error']) unless status.zero?

    answer
  end
end
