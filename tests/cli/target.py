"""For tests of commands: running them, and a program that answers each line on stdin with one line, after it said "ready"."""
import subprocess

DEADLINE_SECONDS = 120


class Failed(Exception):
    pass


def run(*command, cwd=None, expect=0):
    """What the command did, which ended with the status `expect`."""
    try:
        done = subprocess.run([str(c) for c in command], cwd=cwd, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    except subprocess.TimeoutExpired as late:
        raise Failed(str(late)) from late
    if done.returncode != expect:
        raise Failed(f"status {done.returncode}, not {expect}: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done


class Target:
    """The running program, ended when left."""

    def __init__(self, program):
        self.child = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.child.stdout.readline() != "ready\n":
            raise Failed(f"{program} does not start")

    @property
    def pid(self):
        return self.child.pid

    def ask(self, *words):
        self.child.stdin.write(" ".join(map(str, words)) + "\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline()
        if not answer:
            raise Failed(f"the program died when asked {words}")
        return answer.strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.communicate()
