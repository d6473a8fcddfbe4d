"""The command ``respaldo``: the library's operations for people and for scripts.

| file | duty |
|---|---|
| ``main`` | one run: arguments in, exit status out; every failure ends here |
| ``parser``, ``store_options`` | what may be written on the command line and in the environment |
| ``config_file``, ``defaults`` | ``respaldo.toml``, and what holds where nothing is said |
| ``commands``, ``session`` | one function a command: asks the library, returns its JSON |
| ``selection``, ``long_listing`` | which backups ``list`` shows, and what of each |
| ``preview``, ``question`` | what a command would do, and what a restore asks first |
| ``mistyped`` | a database that is not there |
| ``show`` | each answer, for people |
| ``config``, ``doctor``, ``manual`` | the commands that do without a store |
| ``file_systems``, ``privacy`` | for ``doctor``: who holds locks, and paths without people |
| ``screen`` | terminals, pipes and encodings |
| ``progress``, ``interruption`` | the bar, and Ctrl-C |
| ``exit_status`` | the numbers that scripts see |
| ``completion`` | the TAB key |
| ``texts`` | every word, in Spanish and in English |

``import respaldo`` imports none of it, nor what it depends on.
"""
