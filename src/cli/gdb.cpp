#include <fmt/core.h>

#include <fstream>
#include <memory>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "live/process/process.hpp"
#include "live/transaction/transaction.hpp"
#include "patch/patch_file.hpp"
#include "patch/section_addresses.hpp"

namespace stent::cli {
namespace {

struct GdbOptions {
  int pid = 0;
  std::vector<std::filesystem::path> files;
  std::filesystem::path output;
};

/// The file of `applied`: one of those given, else the one it was applied from. Throws `bad_input`.
std::pair<std::filesystem::path, patch::Patch> file_of(const transaction::Applied& applied,
                                                       const std::vector<std::filesystem::path>& given) {
  std::vector<std::filesystem::path> candidates = given;
  if (!applied.origin.empty()) candidates.emplace_back(applied.origin);
  std::error_code ignored;
  for (const auto& path : candidates) {
    if (!std::filesystem::exists(path, ignored)) continue;
    patch::Patch patch = patch::read_patch(path);
    if (patch.id == applied.id) return {std::filesystem::absolute(path), std::move(patch)};
  }
  throw Error(ErrorCode::bad_input,
              fmt::format("the file of patch {} ({}) is not where it was applied from ({})", applied.name,
                          applied.id.text(), applied.origin.empty() ? "unknown" : applied.origin),
              "give its file: stent gdb --pid N FILE.stent");
}

std::string quoted(const std::string& path) {
  std::string text = "\"";
  for (const char c : path) text += (c == '"' || c == '\\') ? std::string("\\") + c : std::string(1, c);
  return text + "\"";
}

std::string commands(const GdbOptions& options) {
  std::string text;
  std::vector<BuildId> modules;
  for (const process::Module& module : process::Process::open({options.pid}).modules())
    modules.push_back(module.build_id);
  for (const transaction::Applied& applied : transaction::list({options.pid})) {
    const auto [path, patch] = file_of(applied, options.files);
    text += fmt::format("# patch {} ({}), {}\nadd-symbol-file {}", applied.name, applied.id.text(),
                        applied.state, quoted(path.string()));
    for (const patch::SectionAddress& section : patch::section_addresses(patch, modules, applied.segments))
      text += fmt::format(" -s {} 0x{:x}", section.name, section.address.value);
    text += "\n";
  }
  return text;
}

void run(const GdbOptions& options) {
  const std::string text = commands(options);
  if (options.output.empty()) {
    fmt::print("{}", text);
    return;
  }
  std::ofstream file(options.output);
  file << text;
  if (!file.flush())
    throw Error(ErrorCode::not_permitted, "cannot write " + options.output.string(),
                "choose a file you may write to");
}

}  // namespace

void add_gdb(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("gdb", "gdb commands that load the symbols of the patches in a process");
  auto options = std::make_shared<GdbOptions>();
  command->add_option("files", options->files, "the patches' files, where they are no longer in their place");
  command->add_option("--pid", options->pid, "the process")->required()->check(CLI::PositiveNumber);
  command->add_option("-x,--output", options->output, "write them to this file, for `gdb -x FILE -p N`");
  command->callback([options] { run(*options); });
}

}  // namespace stent::cli
