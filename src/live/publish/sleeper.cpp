#include "live/publish/sleeper.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/error.hpp"
#include "live/process/proc_file.hpp"

namespace stent::publish {
namespace {

/// The thread's robust list stands in its control block (glibc), which stands on its home stack. 0: none.
std::uint64_t control_block_of(Tid tid) {
  void* head = nullptr;
  std::size_t size = 0;
  if (::syscall(SYS_get_robust_list, tid.value, &head, &size) != 0) return 0;
  return reinterpret_cast<std::uint64_t>(head);  // NOLINT: an address of the target
}

std::optional<std::string> read_syscall_file(Pid group, Tid tid) try {
  return process::read_proc_file(
      process::proc_path(group, "/task/" + std::to_string(tid.value) + "/syscall"));
} catch (const Error&) {  // not for us to read: not told
  return std::nullopt;
}

}  // namespace

std::optional<unwind::ThreadState> read_sleeper(Pid group, Tid tid, bool is_main) {
  const auto text = read_syscall_file(group, tid);
  if (!text || text->empty() || text->starts_with("running")) return std::nullopt;
  const std::size_t pc_at = text->rfind(' ');
  const std::size_t sp_at = pc_at == std::string::npos || pc_at == 0 ? pc_at : text->rfind(' ', pc_at - 1);
  if (sp_at == std::string::npos || sp_at == 0) return std::nullopt;
  unwind::ThreadState state;
  state.tid = tid;
  state.is_main = is_main;
  state.was_blocked = true;
  constexpr int hexadecimal = 16;
  state.registers.orig_rax = static_cast<unsigned long long>(std::strtol(text->c_str(), nullptr, 10));
  state.registers.rsp = std::strtoull(text->c_str() + sp_at, nullptr, hexadecimal);
  state.registers.rip = std::strtoull(text->c_str() + pc_at, nullptr, hexadecimal);
  state.registers.fs_base = control_block_of(tid);
  return state;
}

bool gives_birth(long number) {
  return number == SYS_clone || number == SYS_clone3 || number == SYS_fork || number == SYS_vfork;
}

}  // namespace stent::publish
