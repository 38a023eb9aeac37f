#include <memory>

#include "cli/commands.hpp"
#include "cli/print_report.hpp"
#include "cli/process_options.hpp"
#include "patch/patch_file.hpp"

namespace stent::cli {

void add_revert(CLI::App& app) {
  CLI::App* command = app.add_subcommand("revert", "takes a patch out of a running process again");
  auto options = std::make_shared<ProcessOptions>();
  add_process_options(*command, *options);
  command->callback([options] {
    reporting_errors(options->json, [&] {
      const patch::Patch patch = patch::read_patch(options->patch);
      const auto report = transaction::revert(patch.id, options->target(), options->transaction());
      print_report(report, "reverted in", options->json);
    });
  });
}

}  // namespace stent::cli
