"""Hooks: a veto leaves the target untouched; state is converted on the way in and back on the way out."""

import json
import pathlib
import re
import subprocess
import sys

from harness import Failed, Process, Work, main, require, run

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include"

MAIN = r"""
#include <stdio.h>
#include <stdlib.h>
long answer(void);
long seconds[4] = {1, 2, 3, 4};
int in_use;
int fail_now;
int main(void) {
  char verb[16];
  puts("ready");
  fflush(stdout);
  while (scanf("%15s", verb) == 1) {
    if (verb[0] == 'u') in_use = !in_use;
    if (verb[0] == 'f') fail_now = 1;
    printf("%ld\n", answer());
    fflush(stdout);
  }
  return 0;
}
"""

BEFORE = r"""
extern long seconds[4];
extern int in_use, fail_now;
long answer(void) { return seconds[0] + 10 * seconds[1] + 100 * seconds[2] + 1000 * seconds[3] + fail_now; }
"""

# The new code counts in milliseconds.
AFTER = r"""
#include <stdlib.h>
#include "stent/patch.h"
extern long seconds[4];
extern int in_use, fail_now;
long answer(void) {
  return 100000 + (seconds[0] + 10 * seconds[1] + 100 * seconds[2] + 1000 * seconds[3]) / 1000;
}
STENT_PRE_APPLY(not_in_use) { return in_use ? 42 : 0; }
STENT_POST_APPLY(to_milliseconds) {
  long *copy = malloc(sizeof seconds);  // allocation is allowed
  if (!copy) return 1;
  for (int i = 0; i < 4; ++i) copy[i] = seconds[i] * 1000;
  for (int i = 0; i < 4; ++i) seconds[i] = copy[i];
  free(copy);
  return 0;
}
STENT_PRE_REVERT(still_in_use) { return in_use ? 43 : 0; }
STENT_POST_REVERT(to_seconds) {
  for (int i = 0; i < 4; ++i) seconds[i] /= 1000;
  return 0;
}
"""

FAULTY = r"""
extern long seconds[4];
extern int in_use, fail_now;
long answer(void) { return 7; }
static int *volatile nowhere;
int stent_pre_apply(void) { return *nowhere; }
"""

LATE = r"""
extern long seconds[4];
extern int in_use, fail_now;
long answer(void) { return 8; }
int stent_post_apply(void) { return 5; }
"""

STUCK = r"""
#include <unistd.h>
extern long seconds[4];
extern int in_use, fail_now;
long answer(void) { return 9; }
int stent_pre_apply(void) { while (!*(volatile int *)&fail_now) usleep(1000); return 0; }
"""


# By hand, with shadow data.
MANUAL = r"""
#include <stent/patch.h>
#include <stent/shadow.h>
extern int in_use;
long fixed(void) {
  long *times = stent_shadow_alloc(&in_use, 1, sizeof *times);
  return times ? 70 + ++*times : -1;
}
STENT_REPLACE(fixed, "answer")
STENT_PRE_APPLY(idle) { return in_use ? 44 : 0; }
"""


def maps(process):
    with open(f"/proc/{process.pid}/maps", encoding="ascii") as lines:
        return [line for line in lines if "[heap]" not in line]


def prepare(stent, folder):
    work = Work(stent, folder, "gcc", ".c", ["-O2", f"-I{INCLUDE}"])
    program = work.program(MAIN, BEFORE)
    return work, Process(program)


def veto(stent, folder):
    work, process = prepare(stent, folder)
    patch = work.patch(BEFORE, AFTER)
    process.expect("use", 4321)
    before = maps(process)
    said = work.do("apply", patch, process.pid, expect=11)
    require("stent_pre_apply_not_in_use returned 42" in said.stderr, said.stderr)
    require(maps(process) == before, "the mappings changed")
    process.expect("ask", 4321)
    process.expect("use", 4321)
    work.do("apply", patch, process.pid)
    process.expect("ask", 104321)
    process.close()


def conversion(stent, folder):
    work, process = prepare(stent, folder)
    patch = work.patch(BEFORE, AFTER)
    for _ in range(3):
        work.do("apply", patch, process.pid)
        process.expect("ask", 104321)
        process.expect("use", 104321)
        said = work.do("revert", patch, process.pid, expect=11)
        require("stent_pre_revert_still_in_use returned 43" in said.stderr, said.stderr)
        process.expect("use", 104321)
        work.do("revert", patch, process.pid)
        process.expect("ask", 4321)
    process.close()


def fault(stent, folder):
    work, process = prepare(stent, folder)
    before = maps(process)
    said = work.do("apply", work.patch(BEFORE, FAULTY), process.pid, expect=7)
    require("signal 11" in said.stderr, said.stderr)
    require(maps(process) == before, "the mappings changed")
    process.expect("ask", 4321)
    process.close()


def late(stent, folder):
    work, process = prepare(stent, folder)
    said = work.do("apply", work.patch(BEFORE, LATE), process.pid, "--json")
    require("stent_post_apply returned 5" in json.loads(said.stdout)["notes"][0], said.stdout)
    process.expect("ask", 8)
    process.close()


def stuck(stent, folder):
    """A hook that does not return keeps its memory; when it is done, the next command clears up."""
    work, process = prepare(stent, folder)
    patch = work.patch(BEFORE, STUCK)
    said = work.do("apply", patch, process.pid, "--hook-timeout", "0.2", expect=8)
    require("stent_pre_apply" in said.stderr, said.stderr)
    work.do("apply", patch, process.pid, "--timeout", "0.2", expect=8)  # still there
    with open(f"/proc/{process.pid}/maps", encoding="ascii") as lines:
        require("stent" in lines.read(), "the hook's memory was taken from under it")
    free_hook(process, work)
    work.do("apply", patch, process.pid)
    process.expect("ask", 9)
    process.close()


ENDS = """
#include <assert.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <unistd.h>
extern long seconds[4];
extern int in_use, fail_now;
long answer(void) {{ if (fail_now) exit(3); return 7; }}
jmp_buf state;
int stent_pre_apply(void) {{ if (in_use) {}; return answer() == 7; }}
"""


def ends(stent, folder):
    """What would end the thread or the process is refused when the patch is made; others that a hook calls may use it."""
    work, process = prepare(stent, folder)
    for call, name in (("exit(1)", "exit"), ("_exit(1)", "_exit"), ("abort()", "abort"), ("assert(!in_use)", "__assert_fail"),
                       ("pthread_exit(0)", "pthread_exit"), ("longjmp(state, 1)", "longjmp"),
                       ('execl("/bin/true", "true", (char *)0)', "execl")):
        try:
            work.patch(BEFORE, ENDS.format(call))
        except Failed as refusal:
            require("exit status 11" in str(refusal) and re.search(f"the hook stent_pre_apply calls _?{name},", str(refusal)), str(refusal))
        else:
            raise Failed(f"a patch was made whose hook calls {name}")
    work.do("apply", work.patch(BEFORE, ENDS.format("return 1")), process.pid)
    process.expect("ask", 7)
    process.close()


def manual(stent, folder):
    work, process = prepare(stent, folder)
    source, patch = work.folder / "fixed.c", work.folder / "manual.stent"
    source.write_text(MANUAL)
    run(stent, "create", "--target", work.folder / "program", "--manual", source, "--ack", "*=a test", "-o", patch, "--",
        "gcc", "-O2", "-fPIC")
    process.expect("use", 4321)
    require("stent_pre_apply_idle returned 44" in work.do("apply", patch, process.pid, expect=11).stderr, "no veto")
    process.expect("use", 4321)
    work.do("apply", patch, process.pid)
    process.expect("ask", 71)
    process.expect("ask", 72)
    process.close()


def free_hook(process, work):
    """Sets `fail_now` from outside: the target's one thread is in the hook."""
    symbol = subprocess.run(["nm", work.folder / "program"], capture_output=True, text=True, check=True).stdout
    offset = next(int(line.split()[0], 16) for line in symbol.splitlines() if line.endswith(" fail_now"))
    with open(f"/proc/{process.pid}/maps", encoding="ascii") as lines:
        base = next(int(line.split("-")[0], 16) for line in lines if line.rstrip().endswith("/program"))
    with open(f"/proc/{process.pid}/mem", "r+b", buffering=0) as memory:
        memory.seek(base + offset)
        memory.write((1).to_bytes(4, "little"))


if __name__ == "__main__":
    sys.exit(main({"veto": veto, "conversion": conversion, "fault": fault, "late": late, "stuck": stuck, "ends": ends,
                   "manual": manual}))
