"""perf sees through patched frames: the callers behind them, and, mapped from the file, their names."""

import os
import re
import shutil
import subprocess
import sys

from harness import DEADLINE_SECONDS, Process, Work, main, require, run

SKIPPED = 77
MAIN = r"""
#include <stdio.h>
long middle(long n);
long burn(long n) {
  volatile long sum = 0;
  for (long i = 0; i < n; ++i) sum += i & 1;
  return sum * 2;
}
long outer(long n) { return middle(n) + 1; }
int main(void) {
  long n;
  puts("ready");
  fflush(stdout);
  while (scanf("%ld", &n) == 1) {
    printf("%ld\n", outer(n));
    fflush(stdout);
  }
  return 0;
}
"""
BEFORE = "long burn(long);\nlong middle(long n) { return burn(n) + 100; }\n"
AFTER = "long burn(long);\nlong middle(long n) { return burn(n) + 200; }\n"
WORK = 40_000_000
POINTERS = ["-fno-omit-frame-pointer", "-fno-optimize-sibling-calls", "-fno-inline"]


class Recording:
    """perf attached to a process, recording from the end of the constructor to `stop`. Both are acknowledged by perf."""

    def __init__(self, folder, pid, how):
        self.data = folder / "perf.data"
        self.orders, orders = os.pipe()
        self.answers, answers = os.pipe()
        orders, self.orders = self.orders, orders
        self.child = subprocess.Popen(["perf", "record", "--buildid-all", "--call-graph", how, "-e", "cpu-clock", "-F", "500", "-D", "-1",
                                       f"--control=fd:{orders},{answers}", "-p", str(pid), "-o", str(self.data)],
                                      pass_fds=(orders, answers), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        os.close(orders)
        os.close(answers)
        self.order("enable")

    def order(self, word):
        os.write(self.orders, f"{word}\n".encode())
        answer = os.read(self.answers, 16)
        require(answer.startswith(b"ack"), f"perf does not record: {self.child.stderr.read() if not answer else answer}")

    def stop(self):
        """The call chains, innermost frame first: lists of (symbol, file)."""
        self.order("stop")
        require(self.child.wait(DEADLINE_SECONDS) == 0, "perf record failed")
        os.close(self.orders)
        os.close(self.answers)
        said = run("perf", "script", "-i", self.data, "-F", "ip,sym,dso").stdout
        return [re.findall(r"^\s+[0-9a-f]+ (.+?) \((.*)\)$", chain, re.M) for chain in said.split("\n\n")]


def cell(how, placement, flags, named, stent, folder):
    work = Work(stent, folder, "gcc", ".c", ["-O2", *flags])
    process = Process(work.program(MAIN, BEFORE))
    patch = work.patch(BEFORE, AFTER)
    work.do("apply", patch, process.pid, *placement)
    recording = Recording(work.folder, process.pid, how)
    process.expect(WORK, WORK + 201)
    chains = [chain for chain in recording.stop() if chain and chain[0][0] == "burn"]
    require(chains, "no sample in burn")
    whole = [chain for chain in chains if [frame[0] for frame in chain[2:4]] == ["outer", "main"]]
    require(len(whole) * 10 >= len(chains) * 9, f"{len(whole)} of {len(chains)} chains reach main: {chains[:2]}")
    frames = {chain[1] for chain in whole}
    if named:
        require(frames == {("middle", str(patch))}, f"the patched frame is {frames}")
    else:
        require(all("stent:fix" in file for _, file in frames), f"the patched frame is {frames}")
    if named:
        build_ids = run("perf", "buildid-list", "-i", work.folder / "perf.data").stdout
        identity = re.search(r"Build ID: (\w+)", run("readelf", "-n", patch).stdout)[1]
        require(f"{identity} {patch}" in build_ids, build_ids)
    process.close()


FROM_FILE = ("--placement", "file")
CASES = {
    "frame_pointers.file": lambda stent, folder: cell("fp", FROM_FILE, POINTERS, True, stent, folder),
    "frame_pointers.blob": lambda stent, folder: cell("fp", (), POINTERS, False, stent, folder),
    "unwind_tables.file": lambda stent, folder: cell("dwarf", FROM_FILE, ["-fno-inline", "-fno-optimize-sibling-calls"], True,
                                                     stent, folder),
}


def can_record():
    if shutil.which("perf") is None:
        return False
    return subprocess.run(["perf", "record", "-e", "cpu-clock", "-o", "/dev/null", "true"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


if __name__ == "__main__":
    if not can_record():
        print("PERF CANNOT RECORD HERE: skipped")
        sys.exit(SKIPPED)
    sys.exit(main(CASES))
