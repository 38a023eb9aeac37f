#include <algorithm>
#include <memory>

#include "cli/commands.hpp"
#include "cli/print_report.hpp"
#include "cli/process_options.hpp"
#include "patch/patch_file.hpp"

namespace stent::cli {
namespace {

std::vector<Pid> processes_with(const BuildId& patch) {
  std::vector<Pid> found;
  for (const Pid pid : transaction::patched_processes()) {
    try {
      const auto applied = transaction::list(pid);
      const auto is_it = [&](const transaction::Applied& one) {
        return one.id == patch && (one.state == "applied" || one.state == "partly unloaded");
      };
      if (std::ranges::any_of(applied, is_it)) found.push_back(pid);
    } catch (const Error&) {
      continue;  // ended meanwhile
    }
  }
  return found;
}

int run(const ProcessOptions& options) {
  const patch::Patch patch = patch::read_patch(options.patch);
  const auto how = options.transaction();
  return run_on_processes(options, {[&](Pid pid) { return transaction::revert(patch.id, pid, how); },
                                    "reverted", "reverted in", [&] { return processes_with(patch.id); }});
}

}  // namespace

void add_revert(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("revert", "takes a patch out of running processes again");
  auto options = std::make_shared<ProcessOptions>();
  add_process_options(*command, *options);
  add_no_stop(*command, *options);
  command->callback([options, &status] { reporting_errors(options->json, [&] { status = run(*options); }); });
}

}  // namespace stent::cli
