# frozen_string_literal: true

Gem::Specification.new do |gem|
  gem.name = 'respaldo'
  gem.version = '0.1.0'
  gem.summary = "Back up and restore an application's SQLite database, from inside the application"
  gem.authors = ['respaldo']
  gem.licenses = %w[MIT Apache-2.0]
  gem.required_ruby_version = '>= 3.1'
  gem.files = Dir['lib/**/*.{rb,so,dylib,dll}'] + ['README.md']
end
