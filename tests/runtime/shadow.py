"""Shadow data: a field that a patch adds to objects on the heap stays through an upgrade and a revert."""

import pathlib
import sys

from harness import Process, Work, main, require

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include"

MAIN = r"""
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
struct session { long bytes; };
long visit(struct session *session);
int main(void) {
  struct session *sessions[200];
  for (int i = 0; i < 200; ++i) sessions[i] = calloc(1, sizeof **sessions);
  char verb[16];
  int n;
  puts("ready");
  fflush(stdout);
  while (scanf("%15s %d", verb, &n) == 2) {
    if (verb[0] == 'f') {  // in a child
      pid_t child = fork();
      if (child == 0) _exit((int)visit(sessions[n]));
      int status = 0;
      waitpid(child, &status, 0);
      printf("%d\n", WEXITSTATUS(status));
    } else {
      printf("%ld\n", visit(sessions[n]));
    }
    fflush(stdout);
  }
  return 0;
}
"""

BEFORE = r"""
struct session { long bytes; };
long visit(struct session *session) { return ++session->bytes; }
"""

# The first patch counts visits beside the object; the second adds another field and reads the first one's.
FIRST = r"""
#include "stent/shadow.h"
struct session { long bytes; };
long visit(struct session *session) {
  long *visits = stent_shadow_alloc(session, 1, sizeof *visits);
  if (!visits) return -1;
  ++session->bytes;
  return 100 + ++*visits;
}
"""

SECOND = r"""
#include "stent/shadow.h"
struct session { long bytes; };
long visit(struct session *session) {
  long *visits = stent_shadow_get(session, 1);
  long *more = stent_shadow_alloc(session, 2, 5000);
  if (!more) return -1;
  ++session->bytes;
  ++*more;
  return 1000 * *more + (visits ? ++*visits : 0);
}
"""

FREEING = r"""
#include "stent/shadow.h"
struct session { long bytes; };
long visit(struct session *session) {
  stent_shadow_free(session, 1);
  return stent_shadow_get(session, 1) ? -1 : 5;
}
"""


def upgrade(compiler, flags, stent, folder):
    work = Work(stent, folder, compiler, ".c", [*flags, f"-I{INCLUDE}"])
    process = Process(work.program(MAIN, BEFORE))
    first, second = work.patch(BEFORE, FIRST, "first"), work.patch(BEFORE, SECOND, "second")
    freeing = work.patch(BEFORE, FREEING, "freeing")
    process.expect("visit 0", 1)
    work.do("apply", first, process.pid)
    for i in range(200):
        process.expect(f"visit {i}", 101)
    process.expect("visit 7", 102)
    process.expect("fork 7", 103)
    process.expect("visit 7", 103)  # the child's copy was its own
    work.do("apply", second, process.pid)  # on top of the first
    process.expect("visit 7", 1004)
    process.expect("visit 8", 1002)
    work.do("revert", second, process.pid)
    process.expect("visit 7", 105)
    work.do("revert", first, process.pid)
    process.expect("visit 0", 3)
    work.do("apply", second, process.pid)  # alone now, found through what the first left
    process.expect("visit 7", 2006)
    work.do("apply", freeing, process.pid)
    process.expect("visit 7", 5)
    work.do("revert", freeing, process.pid)
    process.expect("visit 7", 3000)
    states = {patch["name"]: patch["state"] for patch in work.listed("--pid", process.pid)[0]["patches"]}
    require(states.get("first") == "retained", f"the table's memory is not listed as kept: {states}")
    process.close()


CASES = {
    "gcc": lambda stent, folder: upgrade("gcc", ["-O2"], stent, folder),
    "clang": lambda stent, folder: upgrade("clang-16", ["-O2"], stent, folder),
}

if __name__ == "__main__":
    sys.exit(main(CASES))
