#include "live/process/mapping.hpp"

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "live/process/proc_file.hpp"
#include "live/process/thread_stat.hpp"

namespace stent::process {
namespace {

/// Cuts fields off the front of one line.
class Cutter {
 public:
  explicit Cutter(std::string_view line) : line_(line), rest_(line) {}

  std::uint64_t number(int base) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value, base);
    if (error != std::errc{}) fail();
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }
  void expect(char c) {
    if (rest_.empty() || rest_.front() != c) fail();
    rest_.remove_prefix(1);
  }
  std::string_view take(std::size_t count) {
    if (rest_.size() < count) fail();
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::string_view rest_after_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    return rest_;
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(ErrorCode::bad_input, "not a line of a maps file: '" + std::string(line_) + "'",
                "this kernel prints /proc/PID/maps in a way stent does not know; report it");
  }

  std::string_view line_;
  std::string_view rest_;
};

Mapping parse_line(std::string_view line) {
  Cutter cut(line);
  Mapping mapping;
  mapping.range.begin = {cut.number(16)};
  cut.expect('-');
  mapping.range.size = cut.number(16) - mapping.range.begin.value;
  cut.expect(' ');
  const std::string_view permissions = cut.take(4);
  mapping.permissions = {permissions[0] == 'r', permissions[1] == 'w', permissions[2] == 'x',
                         permissions[3] == 's'};
  cut.expect(' ');
  mapping.offset = {cut.number(16)};
  cut.expect(' ');
  const std::uint64_t major = cut.number(16);
  cut.expect(':');
  mapping.device = major << 32 | cut.number(16);
  cut.expect(' ');
  mapping.inode = cut.number(10);
  std::string_view name = cut.rest_after_blanks();
  constexpr std::string_view mark = " (deleted)";
  if (name.ends_with(mark)) {
    mapping.deleted = true;
    name.remove_suffix(mark.size());
  }
  mapping.name = name;
  return mapping;
}

}  // namespace

std::vector<Mapping> parse_mappings(std::string_view text) {
  std::vector<Mapping> mappings;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    mappings.push_back(parse_line(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return mappings;
}

std::vector<Mapping> read_mappings(Pid pid) {
  if (const auto text = read_proc_file(proc_path(pid, "/maps")); text && !text->empty())
    return parse_mappings(*text);
  // A leader that has ended has no memory of its own; its siblings still have.
  for (const Tid tid : list_threads(pid))
    if (const auto text = read_proc_file(proc_path(pid, "/task/" + std::to_string(tid.value) + "/maps"));
        text && !text->empty())
      return parse_mappings(*text);
  throw Error(ErrorCode::gone, "process " + std::to_string(pid.value) + " has ended",
              "look for the pid it runs under now");
}

const Mapping* find_mapping(const std::vector<Mapping>& mappings, RemoteAddress at) {
  const auto after = std::upper_bound(mappings.begin(), mappings.end(), at,
                                      [](RemoteAddress a, const Mapping& m) { return a < m.range.begin; });
  if (after == mappings.begin()) return nullptr;
  const Mapping& mapping = *std::prev(after);
  return mapping.range.contains(at) ? &mapping : nullptr;
}

}  // namespace stent::process
