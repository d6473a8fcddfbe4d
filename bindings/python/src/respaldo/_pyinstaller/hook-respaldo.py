"""Read by PyInstaller when it freezes a program that imports ``respaldo``."""

from __future__ import annotations

from PyInstaller.utils.hooks import collect_data_files, collect_dynamic_libs, copy_metadata

binaries = collect_dynamic_libs("respaldo")
datas = copy_metadata("respaldo")  # the version, which is compared with the library's
datas += collect_data_files("respaldo", includes=["**/*.svg"])  # the icons of the windows
