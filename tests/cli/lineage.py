#!/usr/bin/env python3
"""New static data of a patch lives on in the patches that come after it: replaced, stacked, three in succession. What cannot live on
(another size, type or initial value) is refused, or begins anew when that is asked for.

    lineage.py STENT [CASE...]
"""
import pathlib
import sys
import tempfile

from target import Failed, Target, run

CASES = {}
MAIN = """#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __cplusplus
extern "C"
#endif
long serve(long n);
#ifdef __cplusplus
extern "C"
#endif
long other(long n);
int main(void) {
  char line[64];
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  while (fgets(line, sizeof line, stdin))
    printf("%ld\\n", line[0] == 'o' ? other(atol(line + 2)) : serve(atol(line + 2)));
  return 0;
}
"""
LINK = {"-fPIE": ["-pie"], "-fno-pie": ["-no-pie"], "-fPIC": []}
HEAD = {"c": "#include <string.h>\n#define API\n", "cc": "#include <string>\n#include <vector>\n#define API extern \"C\"\n"}
OLD = "API long serve(long n) { volatile long kept = n; return kept; }\nAPI long other(long n) { volatile long kept = n; return kept + 1; }\n"


def case(function):
    CASES[function.__name__] = function
    return function


class Bench:
    """One program, and patches for it made of other sources of its unit."""

    def __init__(self, stent, work, compiler, level, code, suffix="c"):
        self.stent, self.work, self.compiler, self.code, self.suffix = stent, work, compiler, code, suffix
        self.flags = [level, "-g", code, "-ffunction-sections", "-fdata-sections"]
        self.old = self.compile("old", OLD)
        (work / "main.c").write_text(MAIN)
        run(self.compiler, "-g", code, "-c", work / "main.c", "-o", work / "main.o")
        needs = ["-Wl,--no-as-needed"] if suffix == "cc" else []
        if code == "-fPIC":
            run(self.compiler, *needs, "-shared", self.old, "-o", work / "libunit.so")
            run(self.compiler, work / "main.o", work / "libunit.so", f"-Wl,-rpath,{work}", "-o", work / "program")
            self.target = work / "libunit.so"
        else:
            run(self.compiler, *needs, *LINK[code], work / "main.o", self.old, "-o", work / "program")
            self.target = work / "program"

    def compile(self, name, text):
        unit = self.work / f"unit.{self.suffix}"
        unit.write_text(HEAD[self.suffix] + text)
        made = self.work / f"{name}.o"
        run(self.compiler, *self.flags, "-c", unit, "-o", made)
        return made

    def patch(self, name, text):
        made = self.work / f"{name}.stent"
        run(self.stent, "create", "--ack", "*=a test", "--target", self.target, "-o", made, self.old, self.compile(name, text))
        return made

    def apply(self, program, patch, *options, expect=0):
        done = run(self.stent, "apply", patch, "--pid", program.pid, *options, expect=expect)
        return done.stdout + done.stderr

    def revert(self, program, patch):
        run(self.stent, "revert", patch, "--pid", program.pid)

    def start(self):
        return Target(self.work / "program")


def expect(program, question, answer):
    got = program.ask(question)
    if got != str(answer):
        raise Failed(f"{question}: {got}, not {answer}")


OTHER = "API long other(long n) { volatile long kept = n; return kept + 1; }\n"
VARIABLES = """static long total;
long last_seen = 7;
static struct { long count; const char *what; } mark = {40, "mark"};
static long *where = &total;
"""
FIRST = VARIABLES + """API long serve(long n) {
  static long calls = 100;
  calls++; total += n; mark.count += 2; *where += 1;
  const long before = last_seen;
  last_seen = n;
  return calls * 1000000 + total * 10000 + before * 100 + mark.count + (long)strlen(mark.what);
}
""" + OTHER
SECOND = VARIABLES + """static long fresh = 5;
API long serve(long n) {
  static long calls = 100;
  calls++; total += n; mark.count += 2; *where += 1; fresh++;
  const long before = last_seen;
  last_seen = n;
  return -(calls * 1000000 + total * 10000 + before * 100 + mark.count + (long)strlen(mark.what)) + fresh * 100000000;
}
API long other(long n) { last_seen += n; volatile long kept = n; return kept + total; }
"""


def first_answers(program):
    expect(program, "s 3", 101040742 + 4)
    expect(program, "s 2", 102070344 + 4)


@case
def replaced(bench):
    """Counters, a global, a structure, a pointer to another variable and a static of a function go on; a new one begins."""
    one, two = bench.patch("one", FIRST), bench.patch("two", SECOND)
    with bench.start() as program:
        bench.apply(program, one)
        first_answers(program)
        bench.apply(program, two, "--replace", one)
        expect(program, "s 1", 600000000 - (103090246 + 4))
        expect(program, "o 4", 4 + 9)
        expect(program, "s 1", 700000000 - (104110548 + 4))
        bench.revert(program, two)
        expect(program, "s 1", 1)


@case
def three_in_succession(bench):
    """The third goes on with what the first brought, though that is not applied any more."""
    one, two, three = bench.patch("one", FIRST), bench.patch("two", SECOND), bench.patch("three", SECOND.replace("return -(", "return 7 -("))
    with bench.start() as program:
        bench.apply(program, one)
        first_answers(program)
        bench.apply(program, two, "--replace", one)
        expect(program, "s 1", 600000000 - (103090246 + 4))
        bench.apply(program, three, "--replace", two)
        expect(program, "s 1", 700000007 - (104110148 + 4))


@case
def stacked(bench):
    """Both applied: one set of variables; whichever is reverted first, the other goes on with it."""
    one, two = bench.patch("one", FIRST), bench.patch("two", SECOND)
    for first_out, second_out in ((one, two), (two, one)):
        with bench.start() as program:
            bench.apply(program, one)
            first_answers(program)
            bench.apply(program, two)
            expect(program, "s 1", 600000000 - (103090246 + 4))
            bench.revert(program, first_out)
            if second_out is two:
                expect(program, "s 1", 700000000 - (104110148 + 4))
            else:
                expect(program, "s 1", 104110148 + 4)
            bench.revert(program, second_out)
            expect(program, "s 1", 1)


@case
def applied_again(bench):
    """After a revert nothing of it is in use: it begins anew."""
    one = bench.patch("one", FIRST)
    with bench.start() as program:
        for _ in range(2):
            bench.apply(program, one)
            first_answers(program)
            bench.revert(program, one)


@case
def of_another_kind(bench):
    """Another size, type or initial value is refused by name, with nothing changed; --new-data=fresh begins anew."""
    one = bench.patch("one", FIRST)
    changed = {"bytes there": ("static struct { long count;", "static struct { long more, count;"),
               "another type": ("static long total;", "static double total;"),
               "another value": ("long last_seen = 7;", "long last_seen = 8;")}
    for number, (said, (before, after)) in enumerate(changed.items()):
        text = FIRST.replace(before, after).replace("return calls", "return 1 + calls")
        if "double" in after:
            text = text.replace("static long *where = &total;", "static double *where = &total;").replace("total * 10000", "(long)total * 10000")
        if "more" in after:
            text = text.replace("= {40,", "= {0, 40,")
        two = bench.patch(f"two{number}", text)
        with bench.start() as program:
            bench.apply(program, one)
            first_answers(program)
            text = bench.apply(program, two, "--replace", one, expect=11)
            is_split = "more" in after and bench.compiler == "clang-16"  # -O2: a variable for each field
            if (said not in text and not (is_split and "kept in another way" in text)) or "--new-data=fresh" not in text:
                raise Failed(f"'{said}' is not said: {text}")
            expect(program, "s 1", 103090246 + 4)
            bench.apply(program, two, "--replace", one, "--new-data=fresh")
            expect(program, "s 3", 101040743 + 4 + (100 if "last_seen" in after else 0))


@case
def statics_of_two_functions(bench):
    """Of one name, but each its function's: they are not taken for one another."""
    both = "API long serve(long n) { static long n_calls = 10; return n + n_calls++; }\nAPI long other(long n) { static long n_calls = 10; return n + n_calls++; }\n"
    serve_only = both.splitlines()[0] + "\n" + OTHER
    other_only = "API long serve(long n) { volatile long kept = n; return kept + 7; }\n" + both.splitlines()[1] + "\n"
    one, two, three = bench.patch("one", serve_only), bench.patch("two", other_only), bench.patch("three", both.replace("n + n_calls", "n + 1000 + n_calls"))
    with bench.start() as program:
        bench.apply(program, one)
        for i in range(5):
            expect(program, "s 0", 10 + i)
        bench.apply(program, two, "--replace", one)
        expect(program, "o 0", 10)
        expect(program, "o 0", 11)
        bench.apply(program, three, "--replace", two)
        expect(program, "o 0", 1012)
        expect(program, "s 0", 1010)


@case
def way_back(bench):
    """A variable that holds the address of a function that only the leaving patch has."""
    text = """static long first_way(long n) { volatile long kept = n; return kept + 100; }
static long (*way)(long) = first_way;
API long serve(long n) { if (n < 0) way = 0; return way ? way(n) : 0; }
""" + OTHER
    one, two = bench.patch("one", text), bench.patch("two", text.replace("kept + 100", "kept + 200").replace(": 0; }", ": 1; }"))
    with bench.start() as program:
        bench.apply(program, one)
        expect(program, "s 1", 101)
        said = bench.apply(program, two, "--replace", one, expect=11)
        if "holds the address of a function" not in said:
            raise Failed(said)
        expect(program, "s 1", 101)
        bench.apply(program, two, "--replace", one, "--new-data=fresh")
        expect(program, "s 1", 201)


@case
def way_back_by_way_of_another(bench):
    """The variable is the first patch's, which left long ago; the address in it is of a function of the second, which leaves now."""
    text = """static long (*way)(long);
API long serve(long n) { return way ? way(n) : n; }
""" + OTHER
    newer = """static long (*way)(long);
__attribute__((noinline)) static long second_way(long n) { volatile long kept = n; return kept + 500; }
API long serve(long n) { if (n == 9) way = second_way; return way ? way(n) : n + 1; }
""" + OTHER
    one, two, three = bench.patch("one", text), bench.patch("two", newer), bench.patch("three", newer.replace("+ 500", "+ 700"))
    with bench.start() as program:
        bench.apply(program, one)
        bench.apply(program, two, "--replace", one)
        expect(program, "s 9", 509)
        said = bench.apply(program, three, "--replace", two, expect=11)
        if "holds the address of a function" not in said:
            raise Failed(said)
        expect(program, "s 1", 501)
        bench.apply(program, three)
        expect(program, "s 9", 709)


CPP = """namespace { long hidden = 3; }
inline long shared_count = 20;
struct Log { std::vector<long> all; Log() { all.push_back(1); } };
static Log &log() { static Log made; return made; }
template <class T> struct Of { static long count; };
template <class T> long Of<T>::count = 30;
API long serve(long n) {
  log().all.push_back(n);
  return (long)log().all.size() * 1000000 + ++hidden * 10000 + ++shared_count * 100 + ++Of<int>::count;
}
""" + OTHER


def cpp(bench):
    """A guarded static with a constructor, which runs once for both patches; names of namespaces, inline and of templates."""
    one, two = bench.patch("one", CPP), bench.patch("two", CPP.replace("return (long)", "return -(long)"))
    with bench.start() as program:
        bench.apply(program, one)
        expect(program, "s 3", 2000000 + 40000 + 2100 + 31)
        bench.apply(program, two, "--replace", one)
        expect(program, "s 3", -3000000 + 50000 + 2200 + 32)


def attempt(name, what, *arguments):
    with tempfile.TemporaryDirectory(prefix="stent-lineage-") as made:
        try:
            what(Bench(sys.argv[1], pathlib.Path(made), *arguments))
            print(f"ok   {name}", flush=True)
            return 0
        except Failed as failure:
            print(f"FAIL {name}: {failure}", flush=True)
            return 1


def main():
    failures = 0
    builds = [("gcc-12", "-O2", "-fPIE"), ("gcc-12", "-O0", "-fno-pie"), ("gcc-12", "-Os", "-fPIC"), ("clang-16", "-O2", "-fPIC"),
              ("clang-16", "-O0", "-fPIE")]
    for name in sys.argv[2:] or [*CASES, "cpp"]:
        for build in builds:
            if name == "cpp":
                driver = {"gcc-12": "g++-12", "clang-16": "clang++-16"}[build[0]]
                failures += attempt(f"cpp {' '.join(build)}", cpp, driver, *build[1:], "cc")
            else:
                failures += attempt(f"{name} {' '.join(build)}", CASES[name], *build)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
