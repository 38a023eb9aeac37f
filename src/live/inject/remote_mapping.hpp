// Mappings made, changed and removed in the target by a borrowed thread.
#pragma once

#include <string>

#include "live/inject/remote_caller.hpp"

namespace stent::inject {

/// Throws, as RemoteCaller::require, when the target may not map `range` so, or not unmap it again.
void require_mapping(const RemoteCaller& caller, RemoteRange range, int prot, int flags);

/// mmap(2) of anonymous private memory at exactly `range` (MAP_FIXED_NOREPLACE), protection `prot` (PROT_*).
/// False when something is mapped there already. Throws `internal` with errno's text on any other failure.
[[nodiscard]] bool remote_mmap(RemoteCaller& caller, RemoteRange range, int prot);

/// As above, but maps the descriptor `fd` of the target (`flags`: MAP_PRIVATE or MAP_SHARED).
[[nodiscard]] bool remote_mmap_file(RemoteCaller& caller, RemoteRange range, int prot, int flags, int fd,
                                    FileOffset offset);

/// Anonymous private memory wherever the kernel likes.
[[nodiscard]] RemoteAddress remote_mmap_anywhere(RemoteCaller& caller, std::uint64_t size, int prot);

void remote_mprotect(RemoteCaller& caller, RemoteRange range, int prot);
void remote_munmap(RemoteCaller& caller, RemoteRange range);

/// memfd_create(2) in the target with MFD_CLOEXEC; shown in /proc/PID/maps as "/memfd:NAME (deleted)" once
/// mapped. Empty: whoever fills it does so through a descriptor of its own, for the target may be limited in
/// the size of files (setrlimit(2)) and would be killed by SIGXFSZ. Returns the target's descriptor number;
/// `remote_close` it after mapping so that no stray one stays.
[[nodiscard]] int remote_memfd(RemoteCaller& caller, const std::string& name);
/// openat(2) of `path` for reading, closed on exec. Returns the target's descriptor, or -errno.
[[nodiscard]] std::int64_t remote_open(RemoteCaller& caller, const std::string& path);
void remote_close(RemoteCaller& caller, int fd);

}  // namespace stent::inject
