// The options that every command on processes shares.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "live/transaction/transaction.hpp"
#include "patch/patch.hpp"
#include "patch/trust.hpp"

namespace stent::cli {

struct ProcessOptions {
  std::filesystem::path patch;
  std::vector<int> pids;
  bool all = false;
  double timeout_seconds = 10;
  std::optional<double> max_pause_ms;
  std::string foreign_stacks = "scan";
  double hook_timeout_seconds = 5;
  bool no_stop = false;
  bool json = false;
  bool require_signature = false;
  std::vector<std::filesystem::path> trusted;

  [[nodiscard]] transaction::Options transaction() const;
  /// The host's policy (STENT_CONFIG, else /etc/stent) with what the options add.
  [[nodiscard]] patch::Trust trust() const;
};

/// FILE (--pid N... | --all) [--timeout SECONDS] [--max-pause MS] [--foreign-stacks POLICY] [--json]
void add_process_options(CLI::App& command, ProcessOptions& options);

/// [--no-stop], for the commands that change code.
void add_no_stop(CLI::App& command, ProcessOptions& options);

/// What a command does to one process, and the words for having done it.
struct ProcessCommand {
  std::function<transaction::Report(Pid)> run;
  std::string outcome;  ///< in JSON: "applied"
  std::string phrase;   ///< for people: "applied to"
  /// The processes that --all means.
  std::function<std::vector<Pid>()> all;
};

/// Runs it on what `options` name and prints what came of it. Throws the failure of a single process; returns
/// the exit status for several.
[[nodiscard]] int run_on_processes(const ProcessOptions& options, const ProcessCommand& command);

}  // namespace stent::cli
