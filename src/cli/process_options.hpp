// The options that every command on a process shares.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>

#include "live/transaction/transaction.hpp"

namespace stent::cli {

struct ProcessOptions {
  std::filesystem::path patch;
  int pid = 0;
  double timeout_seconds = 10;
  bool json = false;

  [[nodiscard]] Pid target() const { return {pid}; }
  [[nodiscard]] transaction::Options transaction() const;
};

/// FILE --pid N [--timeout SECONDS] [--json]
void add_process_options(CLI::App& command, ProcessOptions& options);

}  // namespace stent::cli
