#include "create/compile/build_failure.hpp"

#include <fmt/format.h>

#include "create/compile/read_text.hpp"

namespace stent::compile {
namespace {

constexpr std::size_t kTail = 3000;

std::string tail_of(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  if (text.size() <= kTail) return text;
  const auto line = text.find('\n', text.size() - kTail);
  return "..." + text.substr(line == std::string::npos ? text.size() - kTail : line);
}

}  // namespace

Error build_failure(const std::string& doing, const RecordedUnit& unit, const ChildCommand& command,
                    int status) {
  return {ErrorCode::build_failed,
          fmt::format("{} {} failed with status {}\n{}\nin {}: {}", doing, unit.source.string(), status,
                      tail_of(read_text(command.errors)), command.directory.string(),
                      show_command(command.words)),
          "the tree must be configured and built (generated headers too) with the commands recorded, and the "
          "changed "
          "source must compile"};
}

void run_old_and_new(const std::vector<ChildCommand>& commands, const std::vector<RecordedUnit>& units,
                     unsigned jobs) {
  const auto statuses = run_all(commands, jobs);
  for (std::size_t i = 0; i < statuses.size(); ++i)
    if (statuses[i] != 0)
      throw build_failure(i % 2 == 0 ? "compiling the old" : "compiling the changed", units[i / 2],
                          commands[i], statuses[i]);
}

}  // namespace stent::compile
