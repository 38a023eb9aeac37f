#include "live/inject/remote_mapping.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cerrno>

namespace stent::inject {
namespace {

constexpr std::uint64_t page = 4096;
constexpr auto no_fd = static_cast<std::uint64_t>(-1);

std::uint64_t word(int value) { return static_cast<std::uint64_t>(static_cast<std::int64_t>(value)); }

/// Throws unless the remote call succeeded.
std::uint64_t succeeded(std::int64_t result, const std::string& what) {
  if (result < 0 && result > -static_cast<std::int64_t>(page))
    throw Error(ErrorCode::internal,
                system_error(static_cast<int>(-result), what + " in the target").message(),
                "the target may be short of memory or of mappings (vm.max_map_count)");
  return static_cast<std::uint64_t>(result);
}

/// Memory borrowed below the frame that brings the thread back, put back on destruction.
class BorrowedStack {
 public:
  BorrowedStack(RemoteCaller& caller, ByteView contents)
      : memory_(caller.memory()),
        at_(caller.free_stack() - static_cast<std::int64_t>(contents.size())),
        before_(memory_.read(at_, contents.size())) {
    memory_.write(at_, contents);
  }
  BorrowedStack(const BorrowedStack&) = delete;
  BorrowedStack& operator=(const BorrowedStack&) = delete;
  ~BorrowedStack() {
    try {
      memory_.write(at_, before_);
    } catch (const Error&) {  // the target ended
    }
  }
  [[nodiscard]] RemoteAddress address() const { return at_; }

 private:
  process::RemoteMemory& memory_;
  RemoteAddress at_;
  Bytes before_;
};

}  // namespace

void require_mapping(const RemoteCaller& caller, RemoteRange range, int prot, int flags) {
  caller.require(SYS_mmap,
                 {range.begin.value, range.size, word(prot), word(flags | MAP_FIXED_NOREPLACE), 0, 0});
  caller.require(SYS_munmap, {range.begin.value, range.size, 0, 0, 0, 0});
}

bool remote_mmap(RemoteCaller& caller, RemoteRange range, int prot) {
  return remote_mmap_file(caller, range, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, {});
}

bool remote_mmap_file(RemoteCaller& caller, RemoteRange range, int prot, int flags, int fd,
                      FileOffset offset) {
  require_mapping(caller, range, prot, flags);
  const std::int64_t result = caller.syscall(
      SYS_mmap,
      {range.begin.value, range.size, word(prot), word(flags | MAP_FIXED_NOREPLACE), word(fd), offset.value});
  if (result == -EEXIST) return false;
  const RemoteAddress mapped{succeeded(result, "mmap")};
  if (mapped == range.begin) return true;
  remote_munmap(caller, {mapped, range.size});  // before Linux 4.17 the address is only a hint
  return false;
}

RemoteAddress remote_mmap_anywhere(RemoteCaller& caller, std::uint64_t size, int prot) {
  return {succeeded(
      caller.syscall(SYS_mmap, {0, size, word(prot), word(MAP_PRIVATE | MAP_ANONYMOUS), no_fd, 0}), "mmap")};
}

void remote_mprotect(RemoteCaller& caller, RemoteRange range, int prot) {
  succeeded(caller.syscall(SYS_mprotect, {range.begin.value, range.size, word(prot), 0, 0, 0}), "mprotect");
}

void remote_munmap(RemoteCaller& caller, RemoteRange range) {
  succeeded(caller.syscall(SYS_munmap, {range.begin.value, range.size, 0, 0, 0, 0}), "munmap");
}

int remote_memfd(RemoteCaller& caller, const std::string& name) {
  caller.require(SYS_close, {});  // so that no descriptor is left behind
  const BorrowedStack text(caller, std::as_bytes(std::span(name.c_str(), name.size() + 1)));
  return static_cast<int>(succeeded(
      caller.syscall(SYS_memfd_create, {text.address().value, MFD_CLOEXEC, 0, 0, 0, 0}), "memfd_create"));
}

std::int64_t remote_open(RemoteCaller& caller, const std::string& path) {
  caller.require(SYS_close, {});  // so that no descriptor is left behind
  const BorrowedStack text(caller, std::as_bytes(std::span(path.c_str(), path.size() + 1)));
  return caller.syscall(SYS_openat, {word(AT_FDCWD), text.address().value, O_RDONLY | O_CLOEXEC, 0, 0, 0});
}

void remote_close(RemoteCaller& caller, int fd) {
  succeeded(caller.syscall(SYS_close, {word(fd), 0, 0, 0, 0, 0}), "close");
}

}  // namespace stent::inject
