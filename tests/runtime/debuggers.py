"""gdb sees through patched code: name and source line of a replaced function, and its callers."""

import re
import sys

from harness import Process, Work, main, require, run

MAIN = r"""
#include <stdio.h>
#include <unistd.h>
long middle(long n);
int pipes[2];
void park(void) {
  char byte;
  puts("parked");
  fflush(stdout);
  if (read(pipes[0], &byte, 1) < 0) puts("error");
}
int main(void) {
  char verb[16];
  if (pipe(pipes)) return 1;
  puts("ready");
  fflush(stdout);
  while (scanf("%15s", verb) == 1) {
    printf("%ld\n", middle(verb[0]));
    fflush(stdout);
  }
  return 0;
}
"""
BEFORE = r"""
void park(void);
long middle(long n) {
  volatile long kept = n;
  return kept + 1;
}
"""
AFTER = r"""
void park(void);
long middle(long n) {
  volatile long kept = n;
  if (kept == 'p')
    park();  /* line 6 */
  return kept + 2;
}
"""


def backtrace(compiler, options, stent, folder):
    work = Work(stent, folder, compiler)
    process = Process(work.program(MAIN, BEFORE))
    patch = work.patch(BEFORE, AFTER)
    work.do("apply", patch, process.pid, *options)
    process.expect("a", ord("a") + 2)
    require(process.ask("p") == "parked", "the new code does not run")
    script = work.folder / "symbols.gdb"
    run(stent, "gdb", "--pid", process.pid, "-x", script)
    said = run("gdb", "-nx", "-batch", "-p", process.pid, "-x", script, "-ex", "bt", "-ex", "info line middle",
               expect=None)
    frames = re.findall(r"^#\d+ .*", said.stdout, re.MULTILINE)
    middle = next((frame for frame in frames if " in middle " in frame or "middle (" in frame), "")
    require("unit.c:6" in middle, f"no frame of the new middle with its line:\n{said.stdout}{said.stderr}")
    require(any(re.search(r"\bmain \(", frame) for frame in frames), f"the chain ends early:\n{said.stdout}")
    process.child.kill()


def missing_file(stent, folder):
    work = Work(stent, folder, "gcc")
    process = Process(work.program(MAIN, BEFORE))
    patch = work.patch(BEFORE, AFTER)
    work.do("apply", patch, process.pid)
    moved = patch.rename(patch.with_suffix(".moved"))
    said = run(stent, "gdb", "--pid", process.pid, expect=3)
    require("give its file" in said.stderr, said.stderr)
    said = run(stent, "gdb", "--pid", process.pid, moved)
    require(f'add-symbol-file "{moved}" -s .text 0x' in said.stdout, said.stdout)
    process.close()


CASES = {
    "gcc": lambda stent, folder: backtrace("gcc", [], stent, folder),
    "clang": lambda stent, folder: backtrace("clang-16", [], stent, folder),
    "missing_file": missing_file,
}

if __name__ == "__main__":
    sys.exit(main(CASES))
