#include "live/inject/target_limits.hpp"

namespace stent::inject {
namespace {

std::string_view field(std::string_view status, std::string_view mark) {
  const std::size_t at = status.find(mark);
  if (at == std::string_view::npos) return {};
  status.remove_prefix(at + mark.size());
  return status.substr(0, status.find('\n'));
}

}  // namespace

std::optional<std::string> find_obstacle(std::string_view status) {
  const std::string_view seccomp = field(status, "\nSeccomp:\t");
  if (!seccomp.empty() && seccomp != "0") return "a system call filter (seccomp)";
  if (field(status, "\nx86_Thread_features:\t").find("shstk") != std::string_view::npos)
    return "a user shadow stack";
  return std::nullopt;
}

}  // namespace stent::inject
