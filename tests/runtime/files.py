"""A patch mapped from its file: maps names it by path, and what happens to the file later has no effect."""

import os
import pathlib
import sys

from harness import Process, Work, main, require, run

MAIN = r"""
#include <stdio.h>
int answer(int n);
int main(void) {
  int n;
  puts("ready");
  fflush(stdout);
  while (scanf("%d", &n) == 1) {
    printf("%d\n", answer(n));
    fflush(stdout);
  }
  return 0;
}
"""
BEFORE = "#include <stdlib.h>\nint answer(int n) { return abs(n) + 1; }\n"
AFTER = "#include <stdlib.h>\nint answer(int n) { return abs(n) + 2; }\n"
# With zeroes beyond the end of the file's data.
COUNTING = """
#include <stdlib.h>
static int calls[3000], more = 5;
int answer(int n) { return abs(n) + ++calls[n] + more++ - 5; }
"""


def maps(process):
    return pathlib.Path(f"/proc/{process.pid}/maps").read_text(encoding="ascii")


def prepared(stent, folder):
    """The target, and a patch of code and constants."""
    work = Work(stent, folder, "gcc", ".c", ["-O2", "-fno-builtin"])
    process = Process(work.program(MAIN, BEFORE))
    return work, process, work.patch(BEFORE, AFTER)


def named(stent, folder):
    work, process, patch = prepared(stent, folder)
    before = maps(process)
    for _ in range(2):
        work.do("apply", patch, process.pid, "--placement", "file")
        process.expect("7", 9)
        code = [line for line in maps(process).splitlines() if line.endswith(str(patch)) and " r-xp " in line]
        require(len(code) == 1, maps(process))
        offset = code[0].split()[2]
        listed = work.listed("--pid", process.pid)[0]["patches"][0]
        notes = run("readelf", "-n", code[0].split()[-1]).stdout  # the path that maps names tells the build-id
        require(f"Build ID: {listed['id']}" in notes, f"{listed['id']} is not in {notes}")
        headers = run("readelf", "-lW", patch).stdout.splitlines()
        require(any("R E" in line and line.split()[1].endswith(offset.lstrip("0")) for line in headers), code[0])
        require(not [fd for fd in os.listdir(f"/proc/{process.pid}/fd")
                     if os.readlink(f"/proc/{process.pid}/fd/{fd}") == str(patch)], "a descriptor stays")
        require(not maps_differ_in_rights(process), maps(process))
        work.do("revert", patch, process.pid)
        process.expect("7", 8)
    require([line for line in maps(process).splitlines() if str(patch) in line] == [], maps(process))
    require(maps(process).count("\n") <= before.count("\n") + 1, before + maps(process))
    process.close()


def maps_differ_in_rights(process):
    return [line for line in maps(process).splitlines() if "wx" in line.split()[1]]


def changed_later(stent, folder):
    """The file is overwritten in place and renamed; the target has its own copy, and the revert finds it."""
    work, process, patch = prepared(stent, folder)
    work.do("apply", patch, process.pid, "--placement", "file")
    copy = patch.read_bytes()
    with open(patch, "r+b") as file:
        file.write(b"\xcc" * len(copy))
    process.expect("7", 9)
    with open(patch, "r+b") as file:
        file.write(copy)
    moved = patch.rename(patch.with_suffix(".moved"))
    process.expect("7", 9)
    work.do("revert", moved, process.pid)
    process.expect("7", 8)
    require("fix." not in maps(process), maps(process))
    process.close()


def with_data(stent, folder):
    work, process, _ = prepared(stent, folder)
    work.do("apply", work.patch(BEFORE, COUNTING, "counting"), process.pid, "--placement", "file")
    process.expect("7", 8)
    process.expect("7", 10)
    process.expect("2999", 3002)
    process.close()


def unseen(stent, folder):
    """Another user's folder, closed to the target."""
    if os.geteuid() != 0:
        print("needs root: skipped")
        return
    work, process, patch = prepared(stent, folder)
    process.close()
    os.chmod(folder, 0o755)
    process = Process(work.folder / "program", user=65534, extra_groups=[])
    closed = work.folder / "closed"
    closed.mkdir(mode=0o700)
    hidden = closed / "fix.stent"
    hidden.write_bytes(patch.read_bytes())
    before = maps(process)
    said = work.do("apply", hidden, process.pid, "--placement", "file", expect=11)
    require("cannot map the patch from" in said.stderr and "without --placement file" in said.stderr, said.stderr)
    require(maps(process) == before, maps(process))
    process.expect("7", 8)
    work.do("apply", hidden, process.pid)
    process.expect("7", 9)
    process.close()


CASES = {"named": named, "with_data": with_data, "changed_later": changed_later, "unseen": unseen}

if __name__ == "__main__":
    sys.exit(main(CASES))
