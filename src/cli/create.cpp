#include "create/create.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <thread>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/work_directory.hpp"
#include "patch/patch_file.hpp"

namespace stent::cli {
namespace {

struct CreateOptions {
  create::Request request;
  std::vector<std::string> acknowledgements;
  std::vector<std::filesystem::path> objects;
  std::filesystem::path output;
  std::string consistency;
};

/// Checks that the inputs are one of the two forms, and files that exist.
void complete(CreateOptions& options) {
  create::Request& request = options.request;
  const bool compiles = !request.compile_commands.empty() && !request.diff.empty();
  if (compiles == !options.objects.empty() || options.objects.size() % 2 != 0)
    throw Error(ErrorCode::usage, "what to make a patch of is not clear",
                "give either --compile-commands FILE and --patch FILE, or pairs OLD.o NEW.o");
  for (std::size_t i = 0; i < options.objects.size(); i += 2)
    request.explicit_pairs.emplace_back(options.objects[i], options.objects[i + 1]);
  if (request.name.empty()) request.name = options.output.stem().string();
  request.entry_by_entry = options.consistency == "entry";
  request.jobs = std::max(1U, std::thread::hardware_concurrency());
}

/// "ID=REASON" at its first '=' that does not belong to an operator's name.
std::pair<std::string, std::string> split_acknowledgement(const std::string& text) {
  std::size_t at = text.find('=');
  while (at != std::string::npos && at + 1 < text.size() && (text[at + 1] == '=' || text[at + 1] == '('))
    at = text.find('=', at + 1);
  if (at == std::string::npos)
    throw Error(ErrorCode::usage, "--ack " + text + ": without a reason", "give --ack ID=REASON");
  return {text.substr(0, at), text.substr(at + 1)};
}

void run(CreateOptions& options) {
  complete(options);
  for (const std::string& text : options.acknowledgements)
    options.request.acknowledgements.push_back(split_acknowledgement(text));
  const WorkDirectory work;
  options.request.work_directory = work.path();
  const create::Outcome outcome = create::create(options.request);
  for (const std::string& note : outcome.notes) fmt::print(stderr, "note: {}\n", note);
  if (!outcome.patch) {
    fmt::print("nothing to change\n");
    return;
  }
  patch::write_patch(*outcome.patch, options.output);
  for (const auto& image : outcome.patch->images) {
    fmt::print("{}: replaces {} functions of {} ({})\n", options.output.string(), image.replaced.size(),
               image.module_name, image.module.text());
    for (const auto& function : image.replaced) fmt::print("  {}\n", function.name);
  }
}

}  // namespace

void add_create(CLI::App& app) {
  CLI::App* command = app.add_subcommand("create", "makes a patch from a change of the source");
  auto options = std::make_shared<CreateOptions>();
  create::Request& request = options->request;
  command->add_option("objects", options->objects, "OLD.o NEW.o pairs instead of compiling")
      ->check(CLI::ExistingFile);
  command->add_option("--target", request.target, "the executable or library to patch")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--compile-commands", request.compile_commands, "compile_commands.json of its build")
      ->check(CLI::ExistingFile);
  command->add_option("--patch", request.diff, "the change, as a unified diff")->check(CLI::ExistingFile);
  command->add_option("--source-root", request.source_root, "what the diff's paths are relative to");
  command->add_option("--debug-root", request.debug_roots, "where debug files are (before /usr/lib/debug)")
      ->check(CLI::ExistingDirectory);
  command->add_option("--same-build", request.same_build, "a rebuild with equal code, for its symbols")
      ->check(CLI::ExistingFile);
  command->add_option("-o,--output", options->output, "the patch to write (NAME.stent)")->required();
  command
      ->add_option("--consistency", options->consistency,
                   "all: the functions switch together (default); entry: each on its own")
      ->check(CLI::IsMember({"all", "entry"}));
  command
      ->add_option("--ack", options->acknowledgements,
                   "ID=REASON: a finding of the review that is right (*=REASON: every one)")
      ->allow_extra_args(false);
  command->add_option("--name", request.name, "name of the patch (the output's)");
  command->add_option("--description", request.description, "what it is for: CVE, URL, text");
  command->callback([options] { run(*options); });
}

}  // namespace stent::cli
