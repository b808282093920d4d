# Nothing here is a test, and mutmut is not there where the tests run.
collect_ignore_glob = ["*.py"]
