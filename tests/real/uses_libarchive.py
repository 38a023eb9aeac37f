"""The process that libarchive_test.py patches: two threads write and read archives while stdin asks questions.

    header    answers what a zipcrypt zip says to the header of a file of the largest size (the flaw of CVE-2026-16517)
    end       answers how many archives went round, and ends; a wrong one ends the process at once
"""
import ctypes
import os
import sys
import threading

LARGEST, REGULAR, OK, END = 2**63 - 1, 0o100000, 0, 1
lib = ctypes.CDLL(sys.argv[1])
for name in ("archive_write_new", "archive_read_new", "archive_entry_new"):
    getattr(lib, name).restype = ctypes.c_void_p
lib.archive_write_data.restype = lib.archive_read_data.restype = ctypes.c_ssize_t
lib.archive_entry_pathname.restype = ctypes.c_char_p


def pointer(value):
    return ctypes.c_void_p(value)


def new_entry(path, size):
    entry = pointer(lib.archive_entry_new())
    lib.archive_entry_set_pathname(entry, path)
    lib.archive_entry_set_filetype(entry, REGULAR)
    lib.archive_entry_set_perm(entry, 0o644)
    lib.archive_entry_set_size(entry, ctypes.c_int64(size))
    return entry


def open_writer(form, buffer, used):
    archive = pointer(lib.archive_write_new())
    getattr(lib, f"archive_write_set_format_{form}")(archive)
    if form == "zip":
        lib.archive_write_set_options(archive, b"zip:compression=store,zip:encryption=zipcrypt")
        lib.archive_write_set_passphrase(archive, b"secret")
    assert lib.archive_write_open_memory(archive, buffer, ctypes.c_size_t(len(buffer)), ctypes.byref(used)) == OK
    return archive


def header_of_the_largest():
    buffer, used = ctypes.create_string_buffer(65536), ctypes.c_size_t()
    archive, entry = open_writer("zip", buffer, used), new_entry(b"large", LARGEST)
    answer = lib.archive_write_header(archive, entry)
    lib.archive_entry_free(entry)
    lib.archive_write_free(archive)
    return answer


def write(form, contents):
    buffer, used = ctypes.create_string_buffer(65536), ctypes.c_size_t()
    archive, entry = open_writer(form, buffer, used), new_entry(b"file", len(contents))
    assert lib.archive_write_header(archive, entry) == OK
    assert lib.archive_write_data(archive, contents, ctypes.c_size_t(len(contents))) == len(contents)
    lib.archive_entry_free(entry)
    lib.archive_write_close(archive)
    lib.archive_write_free(archive)
    return buffer, used


def read_back(buffer, used):
    archive, entry = pointer(lib.archive_read_new()), ctypes.c_void_p()
    lib.archive_read_support_format_all(archive)
    lib.archive_read_add_passphrase(archive, b"secret")
    assert lib.archive_read_open_memory(archive, buffer, used) == OK
    assert lib.archive_read_next_header(archive, ctypes.byref(entry)) == OK
    assert lib.archive_entry_pathname(entry) == b"file"
    contents = ctypes.create_string_buffer(65536)
    size = lib.archive_read_data(archive, contents, ctypes.c_size_t(len(contents)))
    assert lib.archive_read_next_header(archive, ctypes.byref(entry)) == END
    lib.archive_read_free(archive)
    return contents.raw[:size]


def go_round(counts, number, ending):
    try:
        while not ending.is_set():
            contents = b"%d of thread %d;" % (counts[number], number) * 100
            assert read_back(*write("zip" if counts[number] % 2 else "ustar", contents)) == contents
            counts[number] += 1
    except BaseException as failure:
        print("FAIL", repr(failure), file=sys.stderr, flush=True)
        os._exit(1)


def main():
    counts, ending = [0, 0], threading.Event()
    threads = [threading.Thread(target=go_round, args=(counts, number, ending)) for number in range(len(counts))]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() == "end":
            break
        print(header_of_the_largest(), flush=True)
    ending.set()
    for thread in threads:
        thread.join()
    print(min(counts), flush=True)


main()
