#include <memory>

#include "cli/commands.hpp"
#include "cli/print_report.hpp"
#include "cli/process_options.hpp"
#include "patch/patch_file.hpp"

namespace stent::cli {

void add_apply(CLI::App& app) {
  CLI::App* command = app.add_subcommand("apply", "applies a patch to a running process");
  auto options = std::make_shared<ProcessOptions>();
  add_process_options(*command, *options);
  command->callback([options] {
    reporting_errors(options->json, [&] {
      const patch::Patch patch = patch::read_patch(options->patch);
      print_report(transaction::apply(patch, options->target(), options->transaction()), "applied to",
                   options->json);
    });
  });
}

}  // namespace stent::cli
