# frozen_string_literal: true

require 'fiddle'

module Respaldo
  # No library could be loaded. The message names every place that was tried, and why it failed.
  class LibraryLoadError < LoadError; end

  # The library as it is: found, checked, and called with texts.
  module Library
    FILE_NAME = case RUBY_PLATFORM
                when /mswin|mingw|cygwin/ then 'respaldo.dll'
                when /darwin/ then 'librespaldo.dylib'
                else 'librespaldo.so'
                end
    POINTER = Fiddle::TYPE_VOIDP
    NUMBER = -Fiddle::TYPE_INT # a store is unsigned
    STATUS = Fiddle::TYPE_INT
    PROGRESS = [POINTER, Fiddle::TYPE_LONG_LONG, Fiddle::TYPE_LONG_LONG].freeze

    class << self
      # The functions by name, loaded once a process.
      def functions
        @functions ||= load
      end

      # The status, the handle and the answer's text.
      def open(text)
        handle = Fiddle::Pointer.malloc(4, Fiddle::RUBY_FREE)
        status, answer = answered { |out| functions['open'].call(text, handle, out) }
        [status, handle[0, 4].unpack1('L'), answer]
      end

      def close(handle)
        functions['close'].call(handle)
      end

      # Calls a function; the block is its progress: false cancels, and what it raises comes out when the call has ended.
      # Answers the status and the answer's text.
      def call(name, handle, text, &progress)
        request, watched = FUNCTIONS.fetch(name)
        arguments = [handle]
        arguments << text if request
        raised = nil
        if watched
          callback = progress && Fiddle::Closure::BlockCaller.new(STATUS, PROGRESS) do |_, done, total|
            !raised && progress.call(done, total) != false ? 0 : 1
          rescue Exception => e # rubocop:disable Lint/RescueException -- no exception may cross C
            raised = e
            1
          end
          arguments << callback << nil
        end
        result = answered { |out| functions[name].call(*arguments, out) }
        raise raised if raised

        result
      end

      def version
        functions['version'].call.to_s
      end

      def status_name(status)
        functions['status_name'].call(status).to_s
      end

      private

      def answered
        out = Fiddle::Pointer.malloc(Fiddle::SIZEOF_VOIDP, Fiddle::RUBY_FREE)
        status = yield out
        answer = out.ptr
        raise NoMemoryError, "no memory was left for the answer (status #{status})" if answer.null?

        [status, answer.to_s.force_encoding(Encoding::UTF_8)]
      ensure
        functions['string_free'].call(answer) if answer
      end

      # The places to try. With RESPALDO_LIBRARY set, no other is tried in its place.
      def candidates
        chosen = ENV.fetch('RESPALDO_LIBRARY', '')
        return [File.directory?(chosen) ? File.join(chosen, FILE_NAME) : File.expand_path(chosen)] unless chosen.empty?

        system = RUBY_PLATFORM.include?('linux') ? ["#{FILE_NAME}.1", FILE_NAME] : [FILE_NAME]
        [File.join(__dir__, FILE_NAME), *system]
      end

      def load
        failures = candidates.map do |path|
          return declared(Fiddle.dlopen(path))
        rescue Fiddle::DLError, LoadError => e
          "  #{path}: #{e.message}"
        end
        raise LibraryLoadError, "The respaldo library could not be loaded. Tried:\n#{failures.join("\n")}\n" \
                                "Put it into the gem's folder, install it, or set RESPALDO_LIBRARY to its file."
      end

      def declared(library)
        declare = ->(name, arguments, result) { Fiddle::Function.new(library["respaldo_#{name}"], arguments, result, name:) }
        found = {
          'open' => declare.call('open', [POINTER, POINTER, POINTER], STATUS),
          'close' => declare.call('close', [NUMBER], STATUS),
          'string_free' => declare.call('string_free', [POINTER], Fiddle::TYPE_VOID),
          'version' => declare.call('version', [], POINTER),
          'abi_version' => declare.call('abi_version', [], NUMBER),
          'status_name' => declare.call('status_name', [STATUS], POINTER)
        }
        FUNCTIONS.each do |name, (request, watched)|
          middle = [*(POINTER if request), *([POINTER, POINTER] if watched)]
          found[name] = declare.call(name, [NUMBER, *middle, POINTER], STATUS)
        end
        abi = found['abi_version'].call
        raise LoadError, "its ABI version is #{abi}, this gem needs #{ABI_VERSION}" unless abi == ABI_VERSION

        found
      end
    end
  end
end
