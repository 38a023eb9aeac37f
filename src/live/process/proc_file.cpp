#include "live/process/proc_file.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace stent::process {

std::string proc_path(Pid pid, const std::string& below) {
  return "/proc/" + std::to_string(pid.value) + below;
}

std::optional<std::string> read_proc_file(const std::string& path) {
  const auto fail = [&]() -> std::optional<std::string> {
    if (errno == ENOENT || errno == ESRCH) return std::nullopt;
    throw system_error(errno, "reading " + path, "run stent as the user of the process or as root");
  };
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return fail();
  std::string text;
  std::size_t used = 0;
  for (;;) {
    text.resize(std::max(used * 2, used + 4096));
    const ssize_t got = ::read(file.get(), text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail();
    used += static_cast<std::size_t>(got);
    if (got == 0) break;
  }
  text.resize(used);
  return text;
}

}  // namespace stent::process
