#!/usr/bin/env python3
"""Patches the stock, stripped, static busybox while it serves pages; children it forks later run the patch.

    busybox_test.py STENT

It has neither symbols nor unwind tables of its own. The change is ours: what is not found is forbidden.
Exit status 77: the real data is not available (said loudly).
"""
import subprocess
import sys

from real_program import PageLoad, create, free_port, main, must, status_of, stent, wait_until

CYCLES = 20
PAGE = b"a page that must come whole\n" * 200


def heal(program, child, port, patch):
    must(status_of(port, "/nothing") == 404, "before: not found")
    stent(program, "apply", patch, "--pid", child.pid)
    must(status_of(port, "/nothing") == 403, "applied: forbidden")
    stent(program, "revert", patch, "--pid", child.pid)
    must(status_of(port, "/nothing") == 404, "reverted: not found again")
    for _ in range(CYCLES):
        stent(program, "apply", patch, "--pid", child.pid)
        stent(program, "revert", patch, "--pid", child.pid)


def carry_out(program, cache, work):
    target, patch, pages, port = cache / "stock/bin/busybox", work / "forbidden.stent", work / "pages", free_port()
    create(program, cache, target, patch)
    pages.mkdir()
    (pages / "page").write_bytes(PAGE)
    child = subprocess.Popen([target, "httpd", "-f", "-p", f"127.0.0.1:{port}", "-h", pages])
    try:
        wait_until(lambda: status_of(port, "/page") == 200, "the server does not answer")
        with PageLoad(port, PAGE, clients=2, keep_alive=False) as load:
            heal(program, child, port, patch)
        load.check()
        must(child.poll() is None, "the server lives")
    finally:
        child.kill()
        child.wait()


if __name__ == "__main__":
    sys.exit(main("busybox", carry_out))
