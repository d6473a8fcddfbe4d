# frozen_string_literal: true

module Respaldo
  # An answer of the library, or a part of one. Its keys are methods; `to_h` has all of them, also those that this gem does
  # not know, which `[]` gives too.
  class Answer
    # Makes a class with a method for each key; a value that is made of answers itself has their class's name.
    def self.with(**keys)
      Class.new(self) do
        keys.each do |key, name|
          define_method(key) do
            name ? Answer.made(name, @json[key.to_s]) : @json[key.to_s]
          end
        end
      end
    end

    def self.made(name, json)
      case json
      when nil then nil
      when Array then json.map { |element| made(name, element) }
      else Respaldo.const_get(name).new(json)
      end
    end

    def initialize(json)
      @json = json.freeze
    end

    def [](key)
      @json[key.to_s]
    end

    def to_h
      @json
    end

    def ==(other)
      other.instance_of?(self.class) && other.to_h == @json
    end

    def inspect
      "#<#{self.class.name} #{@json}>"
    end
  end
end
