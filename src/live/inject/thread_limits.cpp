#include "live/inject/thread_limits.hpp"

#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.hpp"
#include "live/process/proc_file.hpp"

namespace stent::inject {
namespace {

constexpr int get_filter = 0x420c;    // PTRACE_SECCOMP_GET_FILTER
constexpr int get_dispatch = 0x4211;  // PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG

long ask(int request, Tid tid, std::uint64_t address, void* data) {
  return ::syscall(SYS_ptrace, request, tid.value, address, data);
}

std::string_view field(std::string_view status, std::string_view mark) {
  const std::size_t at = status.find(mark);
  if (at == std::string_view::npos) return {};
  status.remove_prefix(at + mark.size());
  return status.substr(0, status.find('\n'));
}

bool dispatches_calls(Tid tid) {
  struct {  // struct ptrace_sud_config
    std::uint64_t mode, selector, offset, length;
  } configuration{};
  return ask(get_dispatch, tid, sizeof configuration, &configuration) == 0 && configuration.mode != 0;
}

Error cannot_read_filters(Tid tid, int error) {
  return {ErrorCode::not_permitted,
          "the system call filters (seccomp) of thread " + std::to_string(tid.value) +
              " cannot be read: " + std::strerror(error),
          "run stent as root (CAP_SYS_ADMIN) and outside any system call filter of its own"};
}

std::vector<std::vector<sock_filter>> read_filters(Tid tid) {
  std::vector<std::vector<sock_filter>> filters;
  for (;;) {
    const long length = ask(get_filter, tid, filters.size(), nullptr);
    if (length < 0 && errno == ENOENT) return filters;
    if (length < 0) throw cannot_read_filters(tid, errno);
    std::vector<sock_filter> program(static_cast<std::size_t>(length));
    if (ask(get_filter, tid, filters.size(), program.data()) != length) throw cannot_read_filters(tid, errno);
    filters.push_back(std::move(program));
  }
}

}  // namespace

std::optional<std::string> find_obstacle(std::string_view status) {
  if (field(status, "\nSeccomp:\t") == "1") return "strict seccomp (only read, write and exit are allowed)";
  if (field(status, "\nx86_Thread_features:\t").find("shstk") != std::string_view::npos)
    return "a user shadow stack";
  return std::nullopt;
}

SeccompFilter read_limits(Tid tid) {
  const auto status = process::read_proc_file(process::proc_path({tid.value}, "/status"));
  if (!status) return SeccompFilter{};  // it has ended: nothing will be made to run
  auto obstacle = find_obstacle(*status);
  if (!obstacle && dispatches_calls(tid))
    obstacle = "syscall user dispatch (its system calls go to a handler)";
  if (obstacle)
    throw Error(ErrorCode::unsupported,
                "thread " + std::to_string(tid.value) + " runs under " + *obstacle +
                    ", so stent may not make a system call in it",
                "run the program without it, or restart it with the fixed version");
  const bool filtered = field(*status, "\nSeccomp:\t") == "2";
  return SeccompFilter(filtered ? read_filters(tid) : std::vector<std::vector<sock_filter>>{});
}

std::string call_name(long number) {
  switch (number) {
    case SYS_mmap: return "mmap";
    case SYS_munmap: return "munmap";
    case SYS_mprotect: return "mprotect";
    case SYS_memfd_create: return "memfd_create";
    case SYS_ftruncate: return "ftruncate";
    case SYS_close: return "close";
    case SYS_rt_sigreturn: return "rt_sigreturn";
    default: return "system call " + std::to_string(number);
  }
}

}  // namespace stent::inject
