#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/readable.hpp"

namespace {

int fail(const stent::Error& error) {
  std::fprintf(stderr, "stent: error: %s\n", stent::cli::readable(error.message()).c_str());
  if (!error.hint().empty()) std::fprintf(stderr, "hint: %s\n", stent::cli::readable(error.hint()).c_str());
  return static_cast<int>(error.code());
}

struct Command {
  std::string_view name;
  void (*add)(CLI::App& app, int& status);
};

constexpr Command commands[] = {
    {"create", [](CLI::App& app, int&) { stent::cli::add_create(app); }},
    {"review", [](CLI::App& app, int&) { stent::cli::add_review(app); }},
    {"show", [](CLI::App& app, int&) { stent::cli::add_show(app); }},
    {"check", stent::cli::add_check},
    {"apply", stent::cli::add_apply},
    {"list", stent::cli::add_list},
    {"revert", stent::cli::add_revert},
    {"gdb", [](CLI::App& app, int&) { stent::cli::add_gdb(app); }},
    {"sign", [](CLI::App& app, int&) { stent::cli::add_sign(app); }},
    {"keygen", [](CLI::App& app, int&) { stent::cli::add_keygen(app); }},
};

/// The one that is `wanted`, since describing all takes a noticeable part of a short command's time; all when
/// it is none of them.
void add_commands(CLI::App& app, std::string_view wanted, int& status) {
  const bool is_known = std::ranges::find(commands, wanted, &Command::name) != std::end(commands);
  for (const Command& command : commands)
    if (!is_known || command.name == wanted) command.add(app, status);
}

/// Giving memory back to the kernel and taking it again costs a short command more than using it.
void keep_freed_memory() {
  constexpr int kept = 64 << 20, at_once = 1 << 20;
  ::mallopt(M_TRIM_THRESHOLD, kept);
  ::mallopt(M_MMAP_THRESHOLD, at_once);
  ::mallopt(M_TOP_PAD, at_once);
}

int run(int argc, char** argv) {
  CLI::App app("Changes functions of a running process without restarting it.", "stent");
  app.set_version_flag("--version", std::string("stent ") + STENT_VERSION);
  app.require_subcommand(1);
  int status = 0;
  add_commands(app, argc > 1 ? argv[1] : "", status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::RuntimeError& ended) {
    return ended.get_exit_code();
  } catch (const CLI::ParseError& error) {
    return fail(
        stent::Error(stent::ErrorCode::usage, error.what(), "see `stent --help` and `stent COMMAND --help`"));
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  try {
    return run(argc, argv);
  } catch (const stent::Error& error) {
    return fail(error);
  } catch (const std::exception& error) {
    return fail(stent::Error(stent::ErrorCode::internal, error.what()));
  }
}
