"""One patch for a program and its library: both switch in one step, and a call never meets an old and a new one."""

import functools
import pathlib
import sys

from harness import Process, Work, main, require, run

MAIN = r"""
#include <pthread.h>
#include <stdio.h>
#include <string.h>
int here(int unused);
static volatile int stop, mixes;
/* Leaves nothing of earlier calls below the stack pointer. */
__attribute__((noinline)) static void rest(void) {
  volatile char room[512];
  for (unsigned i = 0; i < sizeof room; ++i) room[i] = 0;
}
static void* spin(void* unused) {
  while (!stop) {
    int both = here(1);
    if (both != 11 && both != 22) mixes = both;
    rest();
  }
  return unused;
}
int main(void) {
  char verb[16];
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i) pthread_create(&threads[i], 0, spin, 0);
  puts("ready");
  fflush(stdout);
  while (scanf("%15s", verb) == 1) {
    printf("%d\n", strcmp(verb, "mixes") ? here(1) : mixes);
    fflush(stdout);
  }
  stop = 1;
  for (int i = 0; i < 2; ++i) pthread_join(threads[i], 0);
  return 0;
}
"""
# The same, with the library opened by name.
OPENED = r"""
#include <dlfcn.h>
int (*there_opened)(int);
int reach(int n) { return there_opened(n); }
__attribute__((constructor)) static void open_library(void) {
  void* library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
  there_opened = (int (*)(int))dlsym(library, "there");
}
"""
HERE = "int there(int);\nint here(int n) {{ return {version} * 10 * n + there(n); }}\n"
THERE = "int there(int n) {{ volatile int kept = {version} * n; return kept; }}\n"
ROUNDS = 10


def compile_unit(work, name, source, version, output, *flags):
    unit = work.folder / name
    unit.write_text(source.format(version=version))
    run(work.compiler, *work.flags, *flags, "-ffunction-sections", "-fdata-sections", "-c", unit, "-o", work.folder / output)
    return work.folder / output


def build(work, flags, is_opened):
    """The program, its library and the two pairs of objects."""
    pairs = [compile_unit(work, name, source, version, f"{name}.{version}.o", *more)
             for name, source, more in (("here.c", HERE, [*flags, *(["-Dthere=reach"] if is_opened else [])]),
                                        ("there.c", THERE, ["-fPIC"])) for version in (1, 2)]
    library = work.folder / "libthere.so"
    run(work.compiler, "-shared", "-Wl,--build-id", "-Wl,-soname,libthere.so", pairs[2], "-o", library)
    (work.folder / "main.c").write_text(MAIN)
    program = work.folder / "program"
    (work.folder / "opened.c").write_text(OPENED)
    reached = [f'-DLIBRARY="{library}"', work.folder / "opened.c"] if is_opened else [library, f"-Wl,-rpath,{work.folder}"]
    run(work.compiler, *work.flags, *flags, work.folder / "main.c", pairs[0], *reached, "-pthread", "-Wl,--build-id",
        "-o", program)
    return program, library, pairs


def both(compiler, flags, is_opened, stent, folder):
    work = Work(stent, folder, compiler)
    program, library, pairs = build(work, flags, is_opened)
    patch = work.folder / "both.stent"
    run(stent, "create", "--target", program, "--target", library, "--ack", "*=the test asks the target", "-o", patch,
        *pairs)
    process = Process(program)
    for _ in range(ROUNDS):
        work.do("apply", patch, process.pid, "--timeout", "60")
        process.expect("ask", 22)
        listed = work.listed("--pid", process.pid)[0]["patches"][0]["functions"]
        require({pathlib.Path(f["module"]).name for f in listed} == {"program", "libthere.so"}, str(listed))
        work.do("revert", patch, process.pid, "--timeout", "60")
        process.expect("ask", 11)
    process.expect("mixes", 0)
    maps = pathlib.Path(f"/proc/{process.pid}/maps").read_text(encoding="ascii")
    require("stent:" not in maps, maps)
    process.close()


NOT_PIE = ["-fno-pic", "-fno-pie", "-no-pie"]
CASES = {
    "gcc.pie.linked": functools.partial(both, "gcc", [], False),
    "gcc.nopie.linked": functools.partial(both, "gcc", NOT_PIE, False),
    "gcc.nopie.opened": functools.partial(both, "gcc", NOT_PIE, True),
    "clang.pie.linked": functools.partial(both, "clang-16", [], False),
    "clang.pie.opened": functools.partial(both, "clang-16", [], True),
}

if __name__ == "__main__":
    sys.exit(main(CASES))
