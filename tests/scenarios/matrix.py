"""Which configurations a scenario runs in: compiler x optimisation x kind of module x linker."""
import dataclasses
import shutil
import zlib

COMPILERS = ("gcc", "clang")
LEVELS = ("-O0", "-O2", "-O3", "-Os")
KINDS = ("pie", "nopie", "shared")
LINKERS = ("bfd", "gold", "lld", "mold")


@dataclasses.dataclass(frozen=True)
class Configuration:
    compiler: str
    level: str
    kind: str
    linker: str = "bfd"

    def __str__(self):
        return " ".join(dataclasses.astuple(self))


def full():
    """Every compiler, level and kind: 24."""
    return [Configuration(c, o, k) for c in COMPILERS for o in LEVELS for k in KINDS]


def rotating(name):
    """Every compiler at -O2 and two of the other levels, the kinds in turn: 6. Where the turn starts depends on the
    scenario's name, so that over all scenarios every triple is run."""
    start = zlib.crc32(name.encode())
    others = [level for level in LEVELS if level != "-O2"]
    chosen_levels = {compiler: [level for level in LEVELS if level != others[(start // 3 + row) % len(others)]]
                     for row, compiler in enumerate(COMPILERS)}
    return [Configuration(compiler, level, KINDS[(start + row + column) % len(KINDS)])
            for row, compiler in enumerate(COMPILERS) for column, level in enumerate(chosen_levels[compiler])]


def linkers(name):
    """Every other linker, with both compilers and all kinds in turn."""
    start = zlib.crc32(name.encode())
    return [Configuration(compiler, "-O2", KINDS[(start + row + column) % len(KINDS)], linker)
            for column, linker in enumerate(LINKERS[1:]) for row, compiler in enumerate(COMPILERS)]


def chosen(name, settings, is_widest=False):
    """The configurations for a scenario with these settings: `matrix` (full, linkers) and `only` (words; of those that
    name one dimension, a configuration must have one). The widest are all 24 that `only` leaves, for every scenario."""
    wanted = [*settings.get("matrix", []), *(["full"] if is_widest else [])]
    result = full() if "full" in wanted else rotating(name)
    if "linkers" in wanted:
        result += linkers(name)
    only = settings.get("only", [])
    if ("full" not in wanted or is_widest) and only:
        result = full() + (linkers(name) if "linkers" in wanted else [])
    for values, field in ((COMPILERS, "compiler"), (LEVELS, "level"), (KINDS, "kind"), (LINKERS, "linker")):
        words = [word for word in only if word in values]
        if words:
            result = [one for one in result if getattr(one, field) in words]
    if "full" not in wanted and only:
        result = thin(name, result)
    return result


def thin(name, all_of_them):
    """Of the configurations that a filter left, one kind for each compiler, level and linker."""
    groups = {}
    for one in all_of_them:
        groups.setdefault((one.compiler, one.level, one.linker), []).append(one)
    start = zlib.crc32(name.encode())
    return [group[(start + row) % len(group)] for row, group in enumerate(groups.values())]


def command_of(compiler, is_cpp):
    """The driver program to call."""
    names = {("gcc", False): ("gcc-12", "gcc"), ("gcc", True): ("g++-12", "g++"),
             ("clang", False): ("clang-16",), ("clang", True): ("clang++-16",)}[(compiler, is_cpp)]
    return next((name for name in names if shutil.which(name)), names[-1])
