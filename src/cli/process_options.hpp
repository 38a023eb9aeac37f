// The options that every command on a process shares.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "live/transaction/transaction.hpp"

namespace stent::cli {

struct ProcessOptions {
  std::filesystem::path patch;
  int pid = 0;
  double timeout_seconds = 10;
  std::optional<double> max_pause_ms;
  std::string foreign_stacks = "scan";
  bool json = false;

  [[nodiscard]] Pid target() const { return {pid}; }
  [[nodiscard]] transaction::Options transaction() const;
};

/// FILE --pid N [--timeout SECONDS] [--max-pause MS] [--foreign-stacks POLICY] [--json]
void add_process_options(CLI::App& command, ProcessOptions& options);

}  // namespace stent::cli
