#!/usr/bin/env python3
"""The corpus: small changes labelled by hand, expanded to pairs of sources and of objects.

A file corpus/KIND.c.txt (or .cpp.txt) holds cases:

    === unsafe NAME | why
    common line
    - line of the old source only
    + line of the new source only

The label is what a person says of applying the change to a process that was started with the old build.
"""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
from dataclasses import dataclass

# Nearly all of the time goes into compiling C++ headers; with ccache every object is compiled once.
LAUNCHER = ["ccache"] if shutil.which("ccache") else []
HERE = pathlib.Path(__file__).resolve().parent
FLAGS = ["-O2", "-g", "-w", "-ffunction-sections", "-fdata-sections"]
COMPILERS = {"c": (["gcc", "-std=gnu11"], ["clang-16", "-std=gnu11"]),
             "cpp": (["g++", "-std=c++20"], ["clang++-16", "-std=c++20"])}


@dataclass
class Case:
    label: str  # "safe" or "unsafe"
    name: str
    why: str
    kind: str
    language: str
    before: str = ""
    after: str = ""


@dataclass
class Pair:
    case: Case
    compiler: str
    old: pathlib.Path
    new: pathlib.Path


def read(path):
    kind, language = path.name.split(".")[:2]
    cases = []
    for line in path.read_text().splitlines():
        if line.startswith("=== "):
            head, _, why = line[4:].partition(" | ")
            label, name = head.split()
            cases.append(Case(label, name, why, kind, language))
            continue
        case = cases[-1]
        if not line.startswith("+"):
            case.before += (line[1:] if line.startswith("-") else line) + "\n"
        if not line.startswith("-"):
            case.after += (line[1:] if line.startswith("+") else line) + "\n"
    return cases


def all_cases(folder="corpus"):
    return [case for path in sorted((HERE / folder).glob("*.txt")) for case in read(path)]


def compile_pair(case, command, work):
    folder = work / f"{case.kind}.{case.name}.{command[0]}"
    folder.mkdir()
    source = folder / f"unit.{case.language}"  # one name for both, as a build would have
    objects = []
    for name, text in (("old.o", case.before), ("new.o", case.after)):
        source.write_text(text)
        done = subprocess.run([*LAUNCHER, *command, *FLAGS, "-c", source.name, "-o", name], cwd=folder,
                              env={**os.environ, "CCACHE_NOHASHDIR": "1"}, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{case.kind}.{case.name} ({command[0]}, {name}):\n{done.stderr}")
        objects.append(folder / name)
    return Pair(case, command[0], *objects)


def compile_all(work, cases=None):
    """The pairs of every case with every compiler of its language."""
    jobs = [(case, command) for case in cases or all_cases() for command in COMPILERS[case.language]]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda job: compile_pair(*job, work), jobs))
