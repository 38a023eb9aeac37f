#include "live/process/permission_hint.hpp"

#include "live/process/proc_file.hpp"

namespace stent::process {

std::string permission_hint(std::optional<std::string_view> yama_scope) {
  const char scope = yama_scope && !yama_scope->empty() ? yama_scope->front() : '0';
  const std::string setting = std::string("kernel.yama.ptrace_scope is ") + scope;
  if (scope == '1' || scope == '2') return "run stent as root or with CAP_SYS_PTRACE: " + setting;
  if (scope == '3') return setting + ": nobody may attach to a process until the next boot";
  return "run stent as the user of the process or as root, with CAP_SYS_PTRACE";
}

std::string permission_hint() {
  const auto scope = read_proc_file("/proc/sys/kernel/yama/ptrace_scope");
  return permission_hint(scope ? std::optional<std::string_view>(*scope) : std::nullopt);
}

}  // namespace stent::process
