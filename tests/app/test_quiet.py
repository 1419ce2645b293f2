"""In a process of its own each: it is the process's standard error that is turned aside."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.e2e.server import ROOT

WRITE = "import os\nfrom app.quiet import part_standard_error, quiet_start\nwrite = lambda text: os.write(2, text)\n"
ANNOUNCED = (
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    b"I0000 00:00:1795792863.632357    8126 port.cc:153] oneDNN custom operations are on.\n"
    b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"
)
TROUBLE = b"E0000 00:00:1795792863.632357    8126 cpu.cc:1] no such instruction\nERROR: Op builtin_code out of range\n"


def run(program: str) -> tuple[int, bytes]:
    """Run a program; return its exit code and what it wrote to standard error."""
    ended = subprocess.run([sys.executable, "-c", WRITE + program], cwd=ROOT, capture_output=True, timeout=60)
    return ended.returncode, ended.stderr


def test_announcements_are_dropped_and_trouble_is_shown() -> None:
    program = f"with quiet_start():\n  write({ANNOUNCED + TROUBLE!r})\nwrite(b'after')"
    assert run(program) == (0, TROUBLE + b"after")


def test_where_it_fails_everything_is_shown() -> None:
    code, shown = run(f"with quiet_start():\n  write({ANNOUNCED!r})\n  raise ZeroDivisionError")
    assert code == 1
    assert shown.startswith(ANNOUNCED)
    assert shown.rstrip().endswith(b"ZeroDivisionError")


def test_what_python_writes_meanwhile_comes_at_once_where_it_has_its_own() -> None:
    program = f"""
import sys, threading
part_standard_error()
with quiet_start():
    write({TROUBLE!r})
    print("said meanwhile", file=sys.stderr)
    thread = threading.Thread(target=lambda: print("from a thread", file=sys.stderr))
    thread.start()
    thread.join()
"""
    assert run(program) == (0, b"said meanwhile\nfrom a thread\n" + TROUBLE)


def test_two_that_start_at_once_leave_standard_error_as_it_was() -> None:
    program = f"""
import threading
def start():
    for _ in range(200):
        with quiet_start():
            write({ANNOUNCED!r})
threads = [threading.Thread(target=start) for _ in range(2)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
write(b"after")
"""
    assert run(program) == (0, b"after")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process in other ways")
def test_where_native_code_ends_the_process_it_is_told_where() -> None:
    code, shown = run("with quiet_start():\n  os.abort()")
    assert code < 0
    assert b"Fatal Python error: Aborted" in shown


def test_without_room_for_what_is_held_back_it_is_shown() -> None:
    program = f"""
import tempfile
def full(): raise OSError
tempfile.TemporaryFile = full
with quiet_start(): write({ANNOUNCED!r})
"""
    assert run(program) == (0, ANNOUNCED)
