"""Children of fork and exec: a child's patch is its own; a new program carries none, and `list` says so."""

import os
import sys

from harness import Process, Work, main, require

MAIN = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
long answer(void);
int main(int argc, char **argv) {
  (void)argc;
  char verb[16];
  puts("ready");
  fflush(stdout);
  while (scanf("%15s", verb) == 1) {
    if (!strcmp(verb, "exec")) execl(argv[0], argv[0], (char *)NULL);
    if (!strcmp(verb, "fork")) {  // the child answers on the pipes it was started with, descriptors 10 and 11
      pid_t child = fork();
      if (child == 0) {
        char byte;
        while (read(10, &byte, 1) == 1) dprintf(11, "%ld\n", answer());
        _exit(0);
      }
      printf("%d\n", (int)child);
    } else {
      printf("%ld\n", answer());
    }
    fflush(stdout);
  }
  return 0;
}
"""
BEFORE = "long answer(void) { volatile long x = 1; return x + 40; }\n"
AFTER = "long answer(void) { volatile long x = 2; return x + 40; }\n"


def family(stent, folder):
    work = Work(stent, folder, "gcc")
    program = work.program(MAIN, BEFORE)
    patch = work.patch(BEFORE, AFTER)
    to_child, from_child = os.pipe(), os.pipe()

    def wire():
        os.dup2(to_child[0], 10)
        os.dup2(from_child[1], 11)

    process = Process(program, preexec_fn=wire, close_fds=False)
    answers = os.fdopen(from_child[0], "r")

    def ask_child():
        os.write(to_child[1], b"?")
        return answers.readline().strip()

    work.do("apply", patch, process.pid)
    process.expect("ask", 42)
    child = int(process.ask("fork"))
    listed = {p["pid"]: p for p in work.listed()}
    require(process.pid in listed and child in listed, f"not both of {process.pid} and {child} are listed: {sorted(listed)}")
    require(listed[child]["patches"][0]["state"] == "applied", str(listed[child]))
    require(ask_child() == "42", "the child does not run the new code")

    work.do("revert", patch, child)
    require(ask_child() == "41", "the child still runs the new code")
    process.expect("ask", 42)
    listed = {p["pid"] for p in work.listed()}
    require(process.pid in listed and child not in listed, f"after the child's revert: {listed}")

    process.child.stdin.write("exec\n")
    process.child.stdin.flush()
    require(process.child.stdout.readline() == "ready\n", "exec failed")
    process.expect("ask", 41)
    require(work.listed("--pid", process.pid)[0]["patches"] == [], "a patch is listed after exec")
    said = work.do("revert", patch, process.pid, expect=10)
    require("not applied" in said.stderr, said.stderr)
    work.do("apply", patch, process.pid)
    process.expect("ask", 42)
    os.close(to_child[1])
    process.close()


if __name__ == "__main__":
    sys.exit(main({"family": family}))
