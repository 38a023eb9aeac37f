#!/usr/bin/env python3
"""The C library is patched like any other; the vdso is refused by name.

    special_modules.py --stent STENT

The patched function is one whose code any compiler gives: toascii, which ctypes calls in a Python process.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

DEADLINE_SECONDS = 120
REFUSED = 11
UNIT = "int toascii(int c) { return %s; }\nextern __typeof(toascii) __toascii_l __attribute__((weak, alias(\"toascii\")));\n"
ASKS = """
import ctypes, sys
toascii = ctypes.CDLL(None).toascii
print("ready", flush=True)
for line in sys.stdin:
    print(toascii(int(line)), flush=True)
"""


def must(condition, text):
    print(("ok   " if condition else "FAIL ") + text, flush=True)
    if not condition:
        raise SystemExit(1)


def run(*command):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=DEADLINE_SECONDS)


def objects(work):
    unit, pair = work / "unit.c", [work / "old.o", work / "new.o"]
    for path, value in zip(pair, ("c & 0x7f", "c & 0x3f")):
        unit.write_text(UNIT % value)
        run("gcc", "-O2", "-fPIC", "-fno-builtin", "-ffunction-sections", "-fdata-sections", "-c", unit, "-o", path)
    return pair


def loaded_libc():
    with open("/proc/self/maps") as maps:
        return next(line.split()[-1] for line in maps if "/libc.so.6" in line or "/libc-" in line)


def ask(child, value):
    child.stdin.write(f"{value}\n")
    child.stdin.flush()
    return int(child.stdout.readline())


def patch_libc(stent, work, pair):
    patch = work / "libc.stent"
    made = run(stent, "create", "--ack", "*=a test", "--target", loaded_libc(), "-o", patch, *pair)
    must(made.returncode == 0, "a patch for libc's toascii is made\n" + made.stderr)
    child = subprocess.Popen([sys.executable, "-c", ASKS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        must(child.stdout.readline() == "ready\n" and ask(child, 0xff) == 0x7f, "before: libc's own answer")
        must(run(stent, "apply", patch, "--pid", child.pid).returncode == 0 and ask(child, 0xff) == 0x3f,
             "applied: libc gives the new answer")
        must(run(stent, "revert", patch, "--pid", child.pid).returncode == 0 and ask(child, 0xff) == 0x7f,
             "reverted: libc's own answer")
    finally:
        child.kill()


def refuse_vdso(stent, work, pair):
    with open("/proc/self/maps") as maps:
        line = next(line for line in maps if line.endswith("[vdso]\n"))
    begin, end = (int(a, 16) for a in line.split()[0].split("-"))
    with open("/proc/self/mem", "rb") as memory:
        memory.seek(begin)
        (work / "vdso.so").write_bytes(memory.read(end - begin))
    said = run(stent, "create", "--ack", "*=a test", "--target", work / "vdso.so", "-o", work / "vdso.stent", *pair)
    must(said.returncode == REFUSED and "is the vdso" in said.stderr, "the vdso is refused by name\n" + said.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stent", required=True)
    stent = parser.parse_args().stent
    with tempfile.TemporaryDirectory(prefix="stent-special-") as folder:
        work = pathlib.Path(folder)
        pair = objects(work)
        patch_libc(stent, work, pair)
        refuse_vdso(stent, work, pair)
    return 0


if __name__ == "__main__":
    sys.exit(main())
