#include <fmt/core.h>

#include <memory>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/print_report.hpp"
#include "cli/process_options.hpp"
#include "cli/readable.hpp"

namespace stent::cli {
namespace {

struct ListOptions {
  int pid = 0;
  bool json = false;
};

nlohmann::json to_json(const transaction::Applied& patch) {
  nlohmann::json functions = nlohmann::json::array();
  for (const auto& function : patch.functions) functions.push_back(cli::to_json(function));
  return {{"name", patch.name},
          {"id", patch.id.text()},
          {"state", patch.state},
          {"description", patch.description},
          {"applied_at", patch.applied_at},
          {"file", patch.origin},
          {"untold_unwinder", patch.has_untold_unwinder},
          {"memory", {{"address", hex(patch.memory.begin.value)}, {"size", patch.memory.size}}},
          {"functions", functions}};
}

void print(Pid pid, const transaction::Applied& patch) {
  fmt::print("{} {} {} {}", pid.value, patch.name, patch.state, patch.id.text());
  if (patch.state == "retained") fmt::print(" ({} KiB kept)", patch.memory.size / 1024);
  fmt::print("\n");
  for (const auto& function : patch.functions)
    fmt::print("  {} in {}: 0x{:x} -> 0x{:x}\n", readable(function.name), function.module,
               function.entry.value, function.replacement.value);
  if (patch.has_untold_unwinder)
    fmt::print(
        "  an unwinder was loaded since and does not know the new code: `stent apply` again tells it\n");
}

nlohmann::json list_one(Pid pid, bool as_json) {
  nlohmann::json patches = nlohmann::json::array();
  for (const transaction::Applied& patch : transaction::list(pid)) {
    patches.push_back(to_json(patch));
    if (!as_json) print(pid, patch);
  }
  // What a program had before it replaced itself by exec is gone with its memory.
  if (patches.empty() && !as_json) fmt::print("{} has no patch\n", pid.value);
  return {{"pid", pid.value}, {"patches", patches}};
}

/// Every process that has patches; one that cannot be read keeps no other from being listed.
nlohmann::json list_all(bool as_json, int& status) {
  nlohmann::json processes = nlohmann::json::array();
  for (const Pid pid : transaction::patched_processes()) {
    try {
      processes.push_back(list_one(pid, as_json));
    } catch (const Error& error) {
      if (error.code() == ErrorCode::gone) continue;
      processes.push_back(
          {{"pid", pid.value}, {"error", {{"message", error.message()}, {"hint", error.hint()}}}});
      fmt::print(stderr, "stent: error: {}\nhint: {}\n", error.message(), error.hint());
      status = static_cast<int>(error.code());
    }
  }
  return processes;
}

void run(const ListOptions& options, int& status) {
  const nlohmann::json processes = options.pid != 0
                                       ? nlohmann::json::array({list_one({options.pid}, options.json)})
                                       : list_all(options.json, status);
  if (options.json) fmt::print("{}\n", nlohmann::json{{"processes", processes}}.dump(2));
}

}  // namespace

void add_list(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("list", "shows the patches in running processes");
  auto options = std::make_shared<ListOptions>();
  command->add_option("--pid", options->pid, "only this process")->check(CLI::PositiveNumber);
  command->add_flag("--json", options->json, "print the result as JSON");
  command->callback([options, &status] { reporting_errors(options->json, [&] { run(*options, status); }); });
}

}  // namespace stent::cli
