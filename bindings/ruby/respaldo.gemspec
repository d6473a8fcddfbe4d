# frozen_string_literal: true

Gem::Specification.new do |gem|
  gem.name = 'respaldo'
  gem.version = '0.1.0'
  gem.summary = "Back up and restore an application's SQLite database, from inside the application"
  gem.authors = ['respaldo']
  gem.licenses = %w[MIT Apache-2.0]
  gem.required_ruby_version = '>= 3.1'
  gem.files = Dir['lib/**/*.{rb,so,dylib,dll}', 'LICENSE-*', 'THIRD-PARTY-*'] + ['README.md']
  # With the library inside a gem is for one platform: packaging/dist names it.
  gem.platform = ENV.fetch('RESPALDO_GEM_PLATFORM', Gem::Platform::RUBY)
end
