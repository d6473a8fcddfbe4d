"""The command ``respaldo``: the library's operations for people and for scripts.

| file | duty |
|---|---|
| ``main`` | one run: arguments in, exit status out; every failure ends here |
| ``parser``, ``store_options`` | what may be written on the command line and in the environment |
| ``commands`` | one function a command: asks the library, returns its JSON |
| ``question`` | what a restore asks first |
| ``show`` | each answer, for people |
| ``screen`` | terminals, pipes and encodings |
| ``progress``, ``interruption`` | the bar, and Ctrl-C |
| ``exit_status`` | the numbers that scripts see |
| ``completion`` | the TAB key |
| ``texts`` | every word, in Spanish and in English |

``import respaldo`` imports none of it, nor what it depends on.
"""
