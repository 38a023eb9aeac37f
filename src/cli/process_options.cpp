#include "cli/process_options.hpp"

#include <cstdlib>

#include "cli/many_processes.hpp"
#include "cli/print_report.hpp"

namespace stent::cli {

transaction::Options ProcessOptions::transaction() const {
  transaction::Options options;
  options.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(timeout_seconds * 1000));
  if (max_pause_ms)
    options.max_pause = std::chrono::microseconds(static_cast<std::int64_t>(*max_pause_ms * 1000));
  using transaction::ForeignStacks;
  if (foreign_stacks == "ignore") options.foreign_stacks = ForeignStacks::ignore;
  if (foreign_stacks == "refuse") options.foreign_stacks = ForeignStacks::refuse;
  options.no_stop = no_stop;
  options.hook_patience = std::chrono::milliseconds(static_cast<std::int64_t>(hook_timeout_seconds * 1000));
  std::error_code ignored;
  options.origin = std::filesystem::weakly_canonical(patch, ignored).string();
  return options;
}

patch::Trust ProcessOptions::trust() const {
  const char* folder = std::getenv("STENT_CONFIG");
  patch::Trust trust = patch::read_trust(folder != nullptr ? folder : "/etc/stent");
  trust.require_signature = trust.require_signature || require_signature;
  for (const auto& file : trusted) trust.keys.push_back(patch::read_public_key(file));
  return trust;
}

void add_process_options(CLI::App& command, ProcessOptions& options) {
  constexpr double longest_timeout_seconds = 86'400;
  constexpr int highest_pid = 1 << 22;
  command.add_option("patch", options.patch, "the patch (NAME.stent)")->required();
  CLI::Option_group* which = command.add_option_group("processes");
  which->add_option("--pid", options.pids, "a target process; may be given several times")
      ->check(CLI::Range(1, highest_pid));
  which->add_flag("--all", options.all, "every process that runs what the patch is for");
  which->require_option(1);
  command.add_option("--timeout", options.timeout_seconds, "seconds to wait until no thread is inside (10)")
      ->check(CLI::Range(0.0, longest_timeout_seconds));
  constexpr double longest_pause_ms = 60'000;
  command
      .add_option("--max-pause", options.max_pause_ms,
                  "longest single stop in milliseconds (20, and more for many threads or much memory)")
      ->check(CLI::Range(0.001, longest_pause_ms));
  command
      .add_option("--foreign-stacks", options.foreign_stacks,
                  "suspended contexts, fibers, coroutines: scan for them and wait (default), ignore, refuse")
      ->check(CLI::IsMember({"scan", "ignore", "refuse"}));
  command
      .add_option("--hook-timeout", options.hook_timeout_seconds,
                  "seconds one hook of the patch may take (5)")
      ->check(CLI::Range(0.0, longest_timeout_seconds));
  command.add_flag("--require-signature", options.require_signature,
                   "only a patch signed by a trusted key (default: /etc/stent/require-signature exists)");
  command.add_option("--trust", options.trusted, "a public key to trust, besides /etc/stent/keys/*.pub");
  command.add_flag("--json", options.json, "print the result as JSON");
}

void add_no_stop(CLI::App& command, ProcessOptions& options) {
  command.add_flag(
      "--no-stop", options.no_stop,
      "publish each jump by a breakpoint, no thread held for long (patches of consistency entry)");
}

int run_on_processes(const ProcessOptions& options, const ProcessCommand& command) {
  if (options.pids.size() == 1) {
    print_report(command.run({options.pids[0]}), command.outcome, command.phrase, options.json);
    return 0;
  }
  std::vector<Pid> pids;
  for (const int pid : options.pids) pids.push_back({pid});
  if (options.all) pids = command.all();
  const auto outcomes =
      for_each_process(pids, [&](Pid pid) { return to_json(command.run(pid), command.outcome); });
  print_outcomes(outcomes, options.json);
  return common_status(outcomes, !options.all);
}

}  // namespace stent::cli
