"""Exceptions thrown in, through and caught in patched code; backtraces and cancellation through it.

Each cell: compiler x how the unwinder is linked. Verified by what the program answers.
"""

import functools
import sys

from harness import Failed, Process, Work, main, require, run

MAIN = r"""
#include <cstdio>
#include <cstring>
#include <execinfo.h>
#include <pthread.h>
#include <stdexcept>
#include <unistd.h>
int work(int n);
int through(int n);
int plain(int n);
void wait_here(int fd);
int frames_seen;
int destroyed;
struct Guard { ~Guard() { destroyed += 1; } };
int thrower(int n) {
  void* frames[64];
  frames_seen = backtrace(frames, 64);
  if (n == 4242) throw n;
  if (n > 100) throw std::runtime_error("from the program");
  return n;
}
static int pipes[2], cleaned;
static void cleanup(void*) { cleaned = 1; }
static void* cancelled(void*) {
  Guard guard;
  pthread_cleanup_push(cleanup, nullptr);
  wait_here(pipes[0]);
  pthread_cleanup_pop(0);
  return nullptr;
}
static int cancel() {
  cleaned = 0;
  destroyed = 0;
  pthread_t thread;
  if (pipe(pipes) || pthread_create(&thread, nullptr, cancelled, nullptr)) return -1;
  pthread_cancel(thread);
  void* result = nullptr;
  pthread_join(thread, &result);
  close(pipes[0]);
  close(pipes[1]);
  return (result == PTHREAD_CANCELED ? 100 : 0) + 10 * cleaned + destroyed;
}
int main() {
  std::puts("ready");
  std::fflush(stdout);
  char verb[16];
  int n;
  while (std::scanf("%15s %d", verb, &n) == 2) {
    int answer = 0;
    destroyed = 0;
    try {
      Guard guard;
      if (!std::strcmp(verb, "work")) answer = work(n);
      if (!std::strcmp(verb, "through")) answer = through(n);
      if (!std::strcmp(verb, "plain")) answer = plain(n);
      if (!std::strcmp(verb, "cancel")) answer = cancel();
      if (!std::strcmp(verb, "frames")) answer = (through(1), frames_seen > 3);
    } catch (const std::exception& error) {
      answer = -static_cast<int>(std::strlen(error.what()));
    }
    std::printf("%d %d\n", answer, destroyed);
    std::fflush(stdout);
  }
}
"""

UNIT = r"""
#include <stdexcept>
#include <unistd.h>
int thrower(int n);
extern int destroyed;
struct Local {{ ~Local() {{ destroyed += 10; }} }};
int work(int n) {{
  Local local;
  {work}
  if (n > 5) throw std::runtime_error("too large");
  return n + {added};
}}
int through(int n) {{
  Local local;
  return thrower(n) + {added};
}}
int plain(int n) {{ return thrower(n) + {added}; }}  /* without landing pads */
void wait_here(int fd) {{
  Local local;
  char byte[{added}];
  if (read(fd, byte, {added}) < 0) destroyed += 1000;
}}
"""

BEFORE = UNIT.format(work="", added=1)
AFTER = UNIT.format(added=2, work=r"""
  try {
    if (n == 3) throw std::runtime_error("three");
    if (n == 4) throw 4;
    if (n == 5) thrower(500);
  } catch (int value) {
    return value * 50;
  } catch (const std::runtime_error& error) {
    int length = 0;
    while (error.what()[length] != 0) ++length;
    return 1000 + length;
  }""")

# LLVM's unwinder before gcc's, which is there too: exceptions use the former, backtrace() and pthread_cancel the latter.
LLVM = "/usr/lib/x86_64-linux-gnu/libunwind.so.1"
LINKS = {"dynamic": [], "static_libgcc": ["-static-libgcc"], "static": ["-static"], "llvm": ["-Wl,--no-as-needed", LLVM]}
COMPILERS = {"gcc": "g++", "clang": "clang++-16"}


def cancels(process, link):
    """With two unwinders in one process, cancelling through C++ frames fails with or without stent."""
    if link != "llvm":
        process.expect("cancel 0", "121 12")


def old_answers(process, link):
    process.expect("work 1", "2 11")
    process.expect("work 9", "-9 11")
    process.expect("through 1", "2 11")
    process.expect("plain 1", "2 1")
    process.expect("through 101", "-16 11")
    process.expect("plain 101", "-16 1")
    cancels(process, link)
    process.expect("frames 0", "1 11")


def new_answers(process, link):
    process.expect("work 1", "3 11")
    process.expect("work 3", "1005 11")
    process.expect("work 4", "200 11")
    process.expect("work 5", "1016 11")
    process.expect("work 9", "-9 11")
    process.expect("through 1", "3 11")
    process.expect("plain 1", "3 1")
    process.expect("through 101", "-16 11")
    process.expect("plain 101", "-16 1")
    cancels(process, link)
    process.expect("frames 0", "1 11")


def cell(compiler, link, stent, folder):
    work = Work(stent, folder, COMPILERS[compiler], ".cpp", ["-O2", "-Wno-unused-result"])
    program = work.program(MAIN, BEFORE, *LINKS[link])
    patch = work.patch(BEFORE, AFTER)
    process = Process(program)
    try:
        if link == "static":
            # gcc -static leaves out the search table of call frames, so what earlier calls left on the stack would
            # keep the patch busy: applied before any, and not reverted.
            work.do("apply", patch, process.pid)
            new_answers(process, link)
            new_answers(process, link)
            process.child.kill()
            process.child.wait()
            return
        if link in ("dynamic", "static_libgcc"):
            work.do("apply", patch, process.pid)
            work.do("revert", patch, process.pid)
            require(work.listed("--pid", process.pid)[0]["patches"] == [], "memory is kept that nothing leads into")
        old_answers(process, link)
        for _ in range(3):  # registering and taking back, after throws that made the unwinder sort its tables
            work.do("apply", patch, process.pid)
            new_answers(process, link)
            new_answers(process, link)
            work.do("revert", patch, process.pid)
            old_answers(process, link)
    finally:
        if process.child.poll() is None:
            process.child.stdin.close()
    require(process.child.wait(timeout=60) == 0, f"the target ended with status {process.child.returncode}")


HIDDEN_MAIN = "int plain(int); int thrower(int n) { if (n > 100) throw n; return n; }\nint main() { return plain(0); }\n"
HIDDEN_UNIT = "int thrower(int);\nint plain(int n) {{ return thrower(n) + thrower(n + 1) * {}; }}\n"


def hidden(stent, folder):
    """A stripped program with an unwinder of its own: nobody can tell where it is."""
    work = Work(stent, folder, "g++", ".cpp", ["-O2"])
    before, after = HIDDEN_UNIT.format(1), HIDDEN_UNIT.format(2)
    work.program(HIDDEN_MAIN, before, "-static-libgcc", "-static-libstdc++", "-rdynamic")
    work.patch(before, after)  # symbols tell
    run("strip", work.folder / "program")
    try:
        work.patch(before, after)
    except Failed as refusal:
        require("does not show which unwinder it uses" in str(refusal), str(refusal))
        return
    raise Failed("a patch was made")


FOREIGN = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
int _Unwind_RaiseException(void *exception) {
  return ((int (*)(void *))dlsym(RTLD_NEXT, "_Unwind_RaiseException"))(exception);
}
"""


def unknown_unwinder(stent, folder):
    """What raises exceptions is neither gcc's nor LLVM's unwinder: nobody knows how to tell it of new code."""
    work = Work(stent, folder, "g++", ".cpp", ["-O2", "-Wno-unused-result"])
    (work.folder / "foreign.c").write_text(FOREIGN)
    library = work.folder / "libforeign.so"
    run("gcc", "-O2", "-fPIC", "-shared", work.folder / "foreign.c", "-o", library)
    process = Process(work.program(MAIN, BEFORE, "-Wl,--no-as-needed", library, f"-Wl,-rpath,{folder}"))
    said = work.do("apply", work.patch(BEFORE, AFTER), process.pid, expect=11)
    require("unwinder in" in said.stderr and "libforeign.so cannot be told of it" in said.stderr, said.stderr)
    process.expect("work 9", "-9 11")
    process.close()


LATER_MAIN = r"""
#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int work(int (*callee)(int), int n);
static int is_whole(int n) {  /* the chain leads to main and beyond */
  void *frames[64];
  return n + (backtrace(frames, 64) > 5);
}
static int pipes[2], cleaned;
static void cleanup(void *unused) { cleaned += unused == NULL; }
static int waits(int n) {
  char byte;
  return n + (int)read(pipes[0], &byte, 1);
}
static void *cancelled(void *unused) {
  pthread_cleanup_push(cleanup, unused);
  work(waits, 1);
  pthread_cleanup_pop(0);
  return NULL;
}
static int cancel(void) {
  pthread_t thread;
  void *result = NULL;
  cleaned = 0;
  if (pipe(pipes) || pthread_create(&thread, NULL, cancelled, NULL)) return -1;
  pthread_cancel(thread);
  pthread_join(thread, &result);
  return 10 * cleaned + (result == PTHREAD_CANCELED);
}
static int (*through)(int (*)(int (*)(int), int), int);
int main(int argc, char **argv) {
  char line[64];
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  while (fgets(line, sizeof line, stdin)) {
    int answer = -1;
    if (!strcmp(line, "work\n")) answer = work(getpagesize() ? abs : NULL, 1);
    if (!strcmp(line, "frames\n")) answer = work(is_whole, 0);
    if (!strcmp(line, "cancel\n")) answer = cancel();
    if (!strcmp(line, "load\n") && argc > 1) {
      void *plugin = dlopen(argv[1], RTLD_NOW);
      if (plugin != NULL) *(void **)&through = dlsym(plugin, "through");
      answer = through != NULL;
    }
    if (!strcmp(line, "throw\n")) answer = through(work, 7);
    printf("%d\n", answer);
  }
  return 0;
}
"""
LATER_UNIT = "int work(int (*callee)(int), int n) {{ return callee(n) + {}; }}\n"
PLUGIN = """
static int throws(int n) { throw n; }
extern "C" int through(int (*work)(int (*)(int), int), int n) {
  try {
    return work(throws, n);
  } catch (int value) {
    return 100 + value;
  }
}
"""


def later_unwinder(stent, folder):
    """The unwinder is loaded after the patch came: `apply` and `list` say so, and the next command tells it."""
    work = Work(stent, folder, "gcc", ".c", ["-O2", "-Wno-unused-result", "-include", "stdlib.h"])
    program = work.program(LATER_MAIN, LATER_UNIT.format(1))
    (work.folder / "plugin.cpp").write_text(PLUGIN)
    plugin = work.folder / "plugin.so"
    run("g++", "-O2", "-fPIC", "-shared", work.folder / "plugin.cpp", "-o", plugin)
    with_llvm = work.folder / "with_llvm.so"  # its exceptions are LLVM's, while backtrace() loads gcc's unwinder
    run("g++", "-O2", "-fPIC", "-shared", work.folder / "plugin.cpp", *LINKS["llvm"], "-o", with_llvm)
    fix, other = (work.patch(LATER_UNIT.format(1), LATER_UNIT.format(added), f"fix{added}") for added in (11, 21))
    for load, answer, library in ("frames", "12", plugin), ("cancel", "11", plugin), ("load", "1", plugin), ("load", "1", with_llvm):
        process = Process(program, library)
        said = work.do("apply", fix, process.pid)
        require("no unwinder is loaded" in said.stdout + said.stderr, "apply does not tell: " + said.stdout + said.stderr)
        process.expect("work", "12")
        untold = lambda: [p["untold_unwinder"] for p in work.listed("--pid", process.pid)[0]["patches"]]
        require(untold() == [False], "an unwinder is missed that is not there")
        process.ask(load)
        require(untold() == [True], f"list does not tell after {load}")
        work.do("apply", fix, process.pid, expect=9)
        require(untold() == [False], "still not told")
        process.expect(load, answer)
        process.expect("frames", "12")
        process.expect("cancel", "11")
        process.expect("load", "1")
        for _ in range(3):
            process.expect("throw", "107")
        said = work.do("apply", other, process.pid)  # known at once, on top of it
        require("no unwinder" not in said.stdout + said.stderr, said.stdout + said.stderr)
        process.expect("throw", "107")
        process.expect("frames", "22")
        for patch in (fix, other):
            work.do("revert", patch, process.pid)
        for question, wanted in (("frames", "2"), ("cancel", "11"), ("throw", "107"), ("work", "2")):
            process.expect(question, wanted)
        require(work.listed("--pid", process.pid)[0]["patches"] == [], "memory is kept that nothing leads into")
        process.close()


CASES = {f"gcc.{link}": functools.partial(cell, "gcc", link) for link in LINKS}
CASES["clang.dynamic"] = functools.partial(cell, "clang", "dynamic")
CASES["gcc.later_unwinder"] = later_unwinder
CASES["gcc.hidden"] = hidden
CASES["gcc.unknown_unwinder"] = unknown_unwinder

if __name__ == "__main__":
    sys.exit(main(CASES))
