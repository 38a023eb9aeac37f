#include <memory>

#include "cli/commands.hpp"
#include "cli/print_findings.hpp"
#include "cli/print_report.hpp"
#include "cli/process_options.hpp"
#include "patch/patch_file.hpp"

namespace stent::cli {
namespace {

struct ApplyOptions : ProcessOptions {
  std::vector<std::filesystem::path> replace;
  std::string consistency;
  std::string placement = "memory", new_data = "share";
};

int run(const ApplyOptions& options) {
  const patch::Patch patch = patch::read_patch(options.patch, options.trust());
  if (!options.json) print_acknowledged(patch);
  transaction::Options how = options.transaction();
  for (const auto& old : options.replace) how.replace.push_back(patch::read_patch(old).id);
  if (options.consistency == "entry" && patch.consistency != patch::Consistency::entry)
    throw Error(ErrorCode::refused, patch.name + " was not made to let old and new code run side by side",
                "only its author can say so: stent create --consistency entry");
  if (!options.consistency.empty())
    how.consistency = options.consistency == "entry" ? patch::Consistency::entry : patch::Consistency::all;
  how.fresh_data = options.new_data == "fresh";
  how.from_file = options.placement == "file";
  return run_on_processes(options, {[&](Pid pid) { return transaction::apply(patch, pid, how); }, "applied",
                                    "applied to", [&] { return transaction::processes_of(patch); }});
}

}  // namespace

void add_apply(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("apply", "applies a patch to running processes");
  auto options = std::make_shared<ApplyOptions>();
  add_process_options(*command, *options);
  add_no_stop(*command, *options);
  command
      ->add_option("--replace", options->replace, "a patch (file) that leaves as this one comes, in one stop")
      ->check(CLI::ExistingFile);
  command
      ->add_option("--consistency", options->consistency,
                   "all: the functions switch together; entry: each on its own (as the patch says)")
      ->check(CLI::IsMember({"all", "entry"}));
  command
      ->add_option(
          "--new-data", options->new_data,
          "share (default): variables that the patch brings and an applied patch has already are that "
          "patch's; fresh: they begin with their initial values")
      ->check(CLI::IsMember({"share", "fresh"}));
  command
      ->add_option(
          "--placement", options->placement,
          "memory (default), or file: map the patch from its file, for tools that name code by files")
      ->check(CLI::IsMember({"memory", "file"}));
  command->callback([options, &status] { reporting_errors(options->json, [&] { status = run(*options); }); });
}

}  // namespace stent::cli
