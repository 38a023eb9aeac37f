#include <memory>

#include "cli/commands.hpp"
#include "cli/print_report.hpp"
#include "cli/process_options.hpp"
#include "patch/patch_file.hpp"

namespace stent::cli {

void add_check(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand(
      "check", "says whether a patch would apply, waiting as apply would; changes nothing");
  auto options = std::make_shared<ProcessOptions>();
  add_process_options(*command, *options);
  command->callback([options, &status] {
    reporting_errors(options->json, [&] {
      const patch::Patch patch = patch::read_patch(options->patch, options->trust());
      const auto how = options->transaction();
      status = run_on_processes(*options,
                                {[&](Pid pid) { return transaction::check(patch, pid, how); }, "would-apply",
                                 "would apply to", [&] { return transaction::processes_of(patch); }});
    });
  });
}

}  // namespace stent::cli
