#!/usr/bin/env python3
"""The null case: four fixes of memcached that change nothing Debian compiles are answered "nothing to change".

    memcached_test.py STENT

The claim is proven beside it: the binaries of both revisions hold the same loaded bytes.
Exit status 77: the real data is not available (said loudly).
"""
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "stent/real/memcached"


def main():
    prepared = subprocess.run([HERE / "prepare_memcached.sh", CACHE])
    if prepared.returncode != 0:
        return prepared.returncode
    target = CACHE / "stock/usr/bin/memcached"
    same = subprocess.run(["bash", "-c", 'source "$0"; same_loaded_bytes "$1" "$2"', HERE / "package.sh", target,
                           CACHE / "fixed/usr/bin/memcached"]).returncode == 0
    print(("ok   " if same else "FAIL ") + "both revisions hold the same loaded bytes", flush=True)
    with tempfile.TemporaryDirectory(prefix="stent-memcached-") as folder:
        patch = pathlib.Path(folder) / "fix.stent"
        done = subprocess.run([sys.argv[1], "create", "--target", target, "--compile-commands",
                               CACHE / "compile_commands.json", "--source-root", CACHE / "source", "--patch",
                               CACHE / "fixes.diff", "-o", patch], capture_output=True, text=True)
        said = done.stdout + done.stderr
        null = done.returncode == 0 and "nothing to change" in said and not patch.exists()
    print(("ok   " if null else "FAIL ") + f'"nothing to change" (exit status {done.returncode})\n{said}', flush=True)
    return 0 if same and null else 1


if __name__ == "__main__":
    sys.exit(main())
