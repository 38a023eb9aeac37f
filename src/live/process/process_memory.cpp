#include "live/process/process_memory.hpp"

#include <fcntl.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "live/process/permission_hint.hpp"

namespace stent::process {
namespace {

constexpr std::size_t max_batch = 512;  // below IOV_MAX

Error memory_gone(Tid tid) {
  return Error(ErrorCode::gone,
               "the memory of process " + std::to_string(tid.value) +
                   " no longer exists: it ended or replaced itself by exec",
               "look whether the process still runs and start again with its present pid");
}

iovec local_part(MutableByteView into) { return {into.data(), into.size()}; }

iovec remote_part(RemoteAddress from, std::size_t size) {
  return {reinterpret_cast<void*>(from.value), size};  // NOLINT: the kernel takes the target's address so
}

/// Marks the leading requests that `transferred` bytes fill; returns how many.
std::size_t mark_filled(std::span<ReadRequest> requests, std::size_t transferred) {
  std::size_t filled = 0;
  for (; filled < requests.size() && requests[filled].into.size() <= transferred; ++filled) {
    transferred -= requests[filled].into.size();
    requests[filled].ok = true;
  }
  return filled;
}

}  // namespace

ProcessMemory::ProcessMemory(Tid tid) : tid_(tid) {
  const std::string path = "/proc/" + std::to_string(tid.value) + "/mem";
  mem_ = UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!mem_.valid() && errno == EROFS) mem_ = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (mem_.valid()) return;
  const int error = errno;
  throw system_error(error == ENOENT ? ESRCH : error, "opening " + path, permission_hint());
}

bool ProcessMemory::try_read(RemoteAddress from, MutableByteView into) const {
  if (into.empty()) return true;
  const iovec local = local_part(into);
  const iovec remote = remote_part(from, into.size());
  const ssize_t got = ::process_vm_readv(tid_.value, &local, 1, &remote, 1, 0);
  if (got == static_cast<ssize_t>(into.size())) return true;
  return read_by_file(from, into);  // execute-only pages, or `tid_` ended while its process lives on
}

bool ProcessMemory::read_by_file(RemoteAddress from, MutableByteView into) const {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got =
        ::pread(mem_.get(), into.data() + done, into.size() - done, static_cast<off_t>(from.value + done));
    if (got > 0) {
      done += static_cast<std::size_t>(got);
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) throw memory_gone(tid_);  // the address space has no user left
    return false;
  }
  return true;
}

void ProcessMemory::read_many(std::span<ReadRequest> requests) const {
  for (ReadRequest& request : requests) request.ok = false;
  std::array<iovec, max_batch> local;
  std::array<iovec, max_batch> remote;
  while (!requests.empty()) {
    const std::size_t count = std::min(requests.size(), max_batch);
    for (std::size_t i = 0; i < count; ++i) {
      local[i] = local_part(requests[i].into);
      remote[i] = remote_part(requests[i].from, requests[i].into.size());
    }
    const ssize_t got = ::process_vm_readv(tid_.value, local.data(), count, remote.data(), count, 0);
    std::size_t filled = got > 0 ? mark_filled(requests.first(count), static_cast<std::size_t>(got)) : 0;
    if (filled < count) {  // the kernel stops at the first element it cannot read
      requests[filled].ok = read_by_file(requests[filled].from, requests[filled].into);
      ++filled;
    }
    requests = requests.subspan(filled);
  }
}

void ProcessMemory::write(RemoteAddress to, ByteView bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put =
        ::pwrite(mem_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(to.value + done));
    if (put > 0) {
      done += static_cast<std::size_t>(put);
      continue;
    }
    if (put < 0 && errno == EINTR) continue;
    if (put == 0) throw memory_gone(tid_);
    throw cannot_write(to + static_cast<std::int64_t>(done), errno);
  }
}

Error ProcessMemory::cannot_write(RemoteAddress to, int error) const {
  std::byte present;
  // The kernel says EIO both for what is not mapped and for what it does not let anybody write.
  if (error == EIO && !try_read(to, MutableByteView(&present, 1)))
    return {ErrorCode::mismatch, "the target's memory at " + std::to_string(to.value) + " is not mapped",
            "the target unmapped it meanwhile; try again"};
  return {
      ErrorCode::not_permitted,
      "writing /proc/" + std::to_string(tid_.value) + "/mem: " + std::strerror(error == EIO ? EPERM : error),
      "the kernel forbids it (proc_mem.force_override), or /proc is mounted read-only"};
}

bool ProcessMemory::exists() const {
  std::byte unused;
  return ::pread(mem_.get(), &unused, 1, 0) != 0;  // EIO while it exists: nothing is mapped at 0
}

}  // namespace stent::process
