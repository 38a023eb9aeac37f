#include <memory>

#include "cli/commands.hpp"
#include "cli/print_report.hpp"
#include "cli/process_options.hpp"
#include "patch/patch_file.hpp"

namespace stent::cli {

void add_check(CLI::App& app) {
  CLI::App* command = app.add_subcommand("check", "says whether a patch would apply now; changes nothing");
  auto options = std::make_shared<ProcessOptions>();
  add_process_options(*command, *options);
  command->callback([options] {
    reporting_errors(options->json, [&] {
      const patch::Patch patch = patch::read_patch(options->patch);
      print_report(transaction::check(patch, options->target(), options->transaction()), "would apply to",
                   options->json);
    });
  });
}

}  // namespace stent::cli
