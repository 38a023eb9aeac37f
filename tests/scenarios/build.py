"""Building one scenario in one configuration: the target as a user would, and the pairs of objects."""
import pathlib
import re
import subprocess

import matrix

HERE = pathlib.Path(__file__).resolve().parent
DEADLINE_SECONDS = 120
COMPILE = {"pie": ["-fPIE"], "nopie": ["-fno-pie"], "shared": ["-fPIC"]}
LINK = {"pie": ["-pie"], "nopie": ["-no-pie"], "shared": []}
SECTIONS = ["-ffunction-sections", "-fdata-sections"]


class Failed(Exception):
    pass


def run(*command, expect=0, cwd=None):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=DEADLINE_SECONDS, cwd=cwd)
    if expect is not None and done.returncode != expect:
        raise Failed(f"exit status {done.returncode}, not {expect}: {' '.join(map(str, command))}\n"
                     f"{done.stdout}{done.stderr}")
    return done


def linker_flags(linker):
    """Debian's lld-16 calls its program ld.lld only in a directory of its own."""
    return [f"-fuse-ld={linker}", *(["-B/usr/lib/llvm-16/bin"] if linker == "lld" else [])]


class Unit:
    """before.c and after.c (or NAME.before.c and NAME.after.c): one translation unit."""

    def __init__(self, before):
        self.before = before
        self.after = before.with_name(before.name.replace("before", "after"))
        self.is_cpp = before.suffix == ".cpp"
        self.name = before.name.split("before")[0].rstrip(".") or "unit"


class Build:
    """program, target (program or library) and pairs."""

    def __init__(self, folder, work, configuration, settings):
        self.folder, self.work, self.configuration, self.settings = folder, work, configuration, settings
        self.units = [Unit(path) for path in sorted(folder.glob("*before.c*"))]
        self.fixed = sorted(folder.glob("fixed*.[cS]*"))
        self.is_cpp = any(unit.is_cpp for unit in self.units)
        self.kind = configuration.kind
        self.pairs, self.plain = [], []
        self.lto = settings.get("lto", [""])[0]
        self.compile_side("before")
        self.link()
        self.compile_side("after")
        if self.lto:
            self.pairs = self.pairs_of_lto_links()

    def flags(self, is_cpp):
        compiler = matrix.command_of(self.configuration.compiler, is_cpp)
        standard = "-std=gnu++20" if is_cpp else "-std=gnu11"
        # At -Os functions of a few bytes stand back to back, and a jump does not fit: that has scenarios of its own.
        wider = ["-fpatchable-function-entry=5"] if self.configuration.level == "-Os" else []
        return [compiler, self.configuration.level, *wider, "-g", standard, *COMPILE[self.kind],
                *self.settings.get("flags", []), *self.settings.get(self.configuration.compiler + "-flags", [])]

    def compile_side(self, side):
        """Sources stand at one path before and after, as in a build."""
        for header in self.folder.glob(f"{side}.h"):
            (self.work / "unit.h").write_text(header.read_text())
        for unit in self.units:
            source = self.work / (unit.name + unit.before.suffix)
            source.write_text((unit.before if side == "before" else unit.after).read_text())
            flags = self.flags(unit.is_cpp)
            pair = self.work / f"{unit.name}.{side}.o"
            lto = [f"-flto={'auto' if 'gcc' in flags[0] or 'g++' in flags[0] else self.lto}"] if self.lto else []
            run(*flags, *lto, *SECTIONS, "-c", source, "-o", pair)
            if side == "after":
                if unit.name not in self.settings.get("pairs", [unit.name]):
                    continue
                self.pairs += [self.work / f"{unit.name}.before.o", pair]
                continue
            self.plain.append(self.work / f"{unit.name}.o")
            plain = [*flags, *lto, *self.settings.get("target-flags", [])]
            run(*plain, "-c", source, "-o", self.plain[-1])

    def pairs_of_lto_links(self):
        """What the link-time optimiser makes of the units before and after, as objects."""
        is_gcc = self.configuration.compiler == "gcc"
        sides = []
        for side in ("before", "after"):
            folder = self.work / side
            folder.mkdir()
            units = [self.work / f"{unit.name}.{side}.o" for unit in self.units]
            fixed = [self.work / f"{path.stem}.o" for path in self.fixed]
            made = ["-save-temps", "-flto-partition=one", *SECTIONS] if is_gcc else ["-Wl,--lto-obj-path=lto.o"]
            run(*self.link_command([*units, *fixed]), *made, "-o", folder / "program", cwd=folder)
            files = sorted(path for path in folder.iterdir()
                           if re.fullmatch(r"lto\.o\d*|.*\.ltrans0\.ltrans\.o", path.name))
            sides.append(files[1:] if self.lto == "thin" else files)  # the first of a thin link's is empty
        return [path for pair in zip(*sides) for path in pair]

    def compile_fixed(self):
        for source in self.fixed:
            self.plain.append(self.work / f"{source.stem}.o")
            run(*self.flags(source.suffix == ".cpp"), "-I", self.work, "-c", source, "-o", self.plain[-1])

    def link_command(self, objects):
        compiler = matrix.command_of(self.configuration.compiler, self.is_cpp)
        lto = [self.configuration.level, f"-flto={self.lto}"] if self.lto else []
        if self.lto and self.configuration.compiler == "gcc":
            lto = [self.configuration.level, "-flto", "-flto-partition=one"]
        kind = ["-shared"] if self.kind == "shared" else [*LINK[self.kind], self.work / "driver.o"]
        return [compiler, *kind, *objects, "-g", *lto, *linker_flags(self.configuration.linker),
                *self.settings.get("link", [])]

    def link(self):
        run(matrix.command_of("gcc", False), "-g", "-O1", "-fPIE", "-c", HERE / "driver.c", "-o", self.work / "driver.o")
        self.compile_fixed()
        self.program = self.target = self.work / "program"
        if self.kind == "shared":
            self.target = self.work / "libunit.so"
        run(*self.link_command(self.plain), "-o", self.target)
        if self.kind == "shared":
            run(matrix.command_of(self.configuration.compiler, self.is_cpp), self.work / "driver.o", self.target,
                f"-Wl,-rpath,{self.work}", "-o", self.program)
