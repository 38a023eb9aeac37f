#include "cli/process_options.hpp"

namespace stent::cli {

transaction::Options ProcessOptions::transaction() const {
  transaction::Options options;
  options.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(timeout_seconds * 1000));
  return options;
}

void add_process_options(CLI::App& command, ProcessOptions& options) {
  constexpr double longest_timeout_seconds = 86'400;
  constexpr int highest_pid = 1 << 22;
  command.add_option("patch", options.patch, "the patch (NAME.stent)")->required();
  command.add_option("--pid", options.pid, "the target process")
      ->required()
      ->check(CLI::Range(1, highest_pid));
  command.add_option("--timeout", options.timeout_seconds, "seconds to wait until no thread is inside (10)")
      ->check(CLI::Range(0.0, longest_timeout_seconds));
  command.add_flag("--json", options.json, "print the result as JSON");
}

}  // namespace stent::cli
