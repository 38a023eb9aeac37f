#include "create/create.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <thread>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/print_explanation.hpp"
#include "cli/print_report.hpp"
#include "cli/readable.hpp"
#include "cli/work_directory.hpp"
#include "patch/patch_file.hpp"

namespace stent::cli {
namespace {

struct CreateOptions {
  create::Request request;
  std::vector<std::string> words;  ///< objects, or what stands behind `--`
  std::filesystem::path output;
  std::string consistency;
  std::vector<std::string> acknowledgements;
  bool json = false;
};

[[noreturn]] void unclear() {
  throw Error(
      ErrorCode::usage, "what to make a patch of is not clear",
      "give one of: --patch DIFF --compile-commands FILE; --patch DIFF -- BUILD COMMAND; --old-tree DIR "
      "--new-tree DIR; pairs OLD.o NEW.o or OLD.a NEW.a; --manual FIX.c -- FLAGS");
}

void take_pairs(CreateOptions& options) {
  const auto& words = options.words;
  if (words.empty() || words.size() % 2 != 0) unclear();
  for (const std::string& word : words)
    if (!std::filesystem::is_regular_file(word))
      throw Error(ErrorCode::usage, fmt::format("no such file: {}", word), "give pairs OLD.o NEW.o");
  for (std::size_t i = 0; i < words.size(); i += 2)
    options.request.explicit_pairs.emplace_back(words[i], words[i + 1]);
}

/// Checks that the inputs are one of the forms.
void complete(CreateOptions& options) {
  create::Request& request = options.request;
  const bool has_trees = !request.old_tree.empty() && !request.new_tree.empty();
  if (!request.manual_source.empty()) {
    if (has_trees || !request.diff.empty() || !request.compile_commands.empty()) unclear();
    request.manual_flags = options.words;
  } else if (!request.diff.empty()) {
    if (has_trees || request.compile_commands.empty() == options.words.empty()) unclear();
    request.build_command = options.words;
  } else if (has_trees ? !options.words.empty() : request.old_tree != request.new_tree) {
    unclear();
  } else if (!has_trees) {
    take_pairs(options);
  }
  if (options.output.empty() && !request.explain)
    throw Error(ErrorCode::usage, "-o is missing", "give the name of the patch to write, NAME.stent");
  if (request.name.empty()) request.name = options.output.stem().string();
  request.entry_by_entry = options.consistency == "entry";
  request.jobs = std::max(1U, std::thread::hardware_concurrency());
}

void print(const create::Outcome& outcome, const CreateOptions& options) {
  if (!outcome.patch) return fmt::print("nothing to change\n");
  for (const auto& image : outcome.patch->images) {
    fmt::print("{}: replaces {} functions of {} ({})\n",
               options.output.empty() ? "the patch" : options.output.string(), image.replaced.size(),
               image.module_name, image.module.text());
    for (const auto& function : image.replaced) fmt::print("  {}\n", readable(function.name));
  }
  if (options.request.explain) print_explanation(outcome.explanation);
}

void print_json(const create::Outcome& outcome, const CreateOptions& options) {
  nlohmann::json images = nlohmann::json::array();
  if (outcome.patch)
    for (const auto& image : outcome.patch->images) {
      nlohmann::json functions = nlohmann::json::array();
      for (const auto& function : image.replaced) functions.push_back(function.name);
      images.push_back(
          {{"module", image.module_name}, {"build_id", image.module.text()}, {"functions", functions}});
    }
  nlohmann::json json{{"patch", options.output.string()},
                      {"nothing_to_change", !outcome.patch.has_value()},
                      {"images", images},
                      {"notes", outcome.notes}};
  if (options.request.explain) json["explanation"] = to_json(outcome.explanation);
  fmt::print("{}\n", json.dump());
}

/// "ID=REASON"; an operator's name in the id may hold a '=' too.
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
  if (outcome.patch && !options.output.empty()) patch::write_patch(*outcome.patch, options.output);
  if (options.json) return print_json(outcome, options);
  for (const std::string& note : outcome.notes) fmt::print(stderr, "note: {}\n", readable(note));
  print(outcome, options);
}

}  // namespace

void add_create(CLI::App& app) {
  CLI::App* command = app.add_subcommand("create", "makes a patch from a change of the source");
  auto options = std::make_shared<CreateOptions>();
  create::Request& request = options->request;
  command->add_option("words", options->words, "OLD.o NEW.o pairs, or `-- BUILD COMMAND`, or `-- FLAGS`");
  command
      ->add_option("--target", request.targets, "the executable or library to patch; again for other builds")
      ->required()
      ->allow_extra_args(false)
      ->check(CLI::ExistingFile);
  command->add_option("--compile-commands", request.compile_commands, "compile_commands.json of its build")
      ->check(CLI::ExistingFile);
  command->add_option(
      "--link-command", request.link_command,
      "beside --compile-commands, for code compiled with -flto: the command that links the target");
  command->add_option("--patch", request.diff, "the change, as a unified diff")->check(CLI::ExistingFile);
  command->add_option("--old-tree", request.old_tree, "objects before the change, by relative path")
      ->check(CLI::ExistingDirectory);
  command->add_option("--new-tree", request.new_tree, "objects after the change")
      ->check(CLI::ExistingDirectory);
  command
      ->add_option("--manual", request.manual_source,
                   "a hand-written replacement, see docs/manual-patches.md")
      ->check(CLI::ExistingFile);
  command->add_option("--source-root", request.source_root, "what the diff's paths are relative to");
  command->add_option("--debug-root", request.debug_roots, "where debug files are (before /usr/lib/debug)")
      ->allow_extra_args(false)
      ->check(CLI::ExistingDirectory);
  command->add_option("--same-build", request.same_builds, "a rebuild with equal code, for its symbols")
      ->allow_extra_args(false)
      ->check(CLI::ExistingFile);
  command->add_option("-o,--output", options->output,
                      "the patch to write (NAME.stent); with --explain not needed");
  command->add_flag("--explain", request.explain,
                    "say what changed, what came along, and what is bound to what");
  command->add_flag("--json", options->json, "print the result as JSON");
  command
      ->add_option("--consistency", options->consistency,
                   "all: the functions switch together (default); entry: each on its own")
      ->check(CLI::IsMember({"all", "entry"}));
  command
      ->add_option("--ack", options->acknowledgements,
                   "ID=REASON: a finding of the review that is right (*=REASON: every one)")
      ->allow_extra_args(false);
  command->add_option("--html", request.report, "write what a reviewer should see as a web page");
  command->add_option("--name", request.name, "name of the patch (the output's)");
  command->add_flag("!--no-debug-information", request.debug_information,
                    "leave out what lets gdb show the source of the new code");
  command->add_option("--description", request.description, "what it is for: CVE, URL, text");
  command->callback([options] { reporting_errors(options->json, [&] { run(*options); }); });
}

}  // namespace stent::cli
