#include "live/process/memory_sharer.hpp"

#include <dirent.h>
#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace stent::process {

bool shares_memory(Tid one, Tid other) {
  return ::syscall(SYS_kcmp, one.value, other.value, KCMP_VM, 0, 0) == 0;
}

std::optional<Pid> find_memory_sharer(Pid target, Tid alive, std::span<const Pid> known) {
  const std::unique_ptr<DIR, int (*)(DIR*)> processes(::opendir("/proc"), &::closedir);
  if (!processes) return std::nullopt;
  while (const dirent* entry = ::readdir(processes.get())) {
    const pid_t pid =
        static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));  // 0: another kind of entry
    if (pid == 0 || pid == target.value || std::ranges::find(known, Pid{pid}) != known.end()) continue;
    if (shares_memory(alive, {pid})) return Pid{pid};
  }
  return std::nullopt;
}

}  // namespace stent::process
