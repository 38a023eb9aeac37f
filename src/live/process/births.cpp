#include "live/process/births.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>

namespace stent::process {
namespace {

constexpr pid_t too_many = 64;

}  // namespace

Births::Births() : file_(::open("/proc/loadavg", O_RDONLY | O_CLOEXEC)), before_(last_born()) {}

/// The last word of /proc/loadavg (proc(5)).
std::optional<pid_t> Births::last_born() const {
  std::array<char, 128> line{};
  const ssize_t size = ::pread(file_.get(), line.data(), line.size(), 0);
  const std::string_view text(line.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  const std::size_t at = text.rfind(' ');
  if (at == std::string_view::npos) return std::nullopt;
  pid_t id = 0;
  const auto [end, error] = std::from_chars(text.data() + at + 1, text.data() + text.size(), id);
  return error == std::errc{} ? std::optional(id) : std::nullopt;
}

std::optional<std::vector<Tid>> Births::ids() const {
  const auto last = last_born();
  if (!before_ || !last || *last < *before_ || *last - *before_ > too_many) return std::nullopt;
  std::vector<Tid> ids;
  for (pid_t id = *before_ + 1; id <= *last; ++id) ids.push_back({id});
  return ids;
}

}  // namespace stent::process
