// The commands of the program: each adds its options to the parser and says what to run.
#pragma once

#include <CLI/CLI.hpp>

namespace stent::cli {

/// `status`, where it is, receives the exit status of a command that did its work.
void add_create(CLI::App& app);
void add_review(CLI::App& app);
void add_show(CLI::App& app);
void add_check(CLI::App& app, int& status);
void add_apply(CLI::App& app, int& status);
void add_list(CLI::App& app, int& status);
void add_revert(CLI::App& app, int& status);
void add_sign(CLI::App& app);
void add_gdb(CLI::App& app);
void add_keygen(CLI::App& app);

}  // namespace stent::cli
