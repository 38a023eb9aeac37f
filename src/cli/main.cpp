#include <cstdio>
#include <exception>
#include <string>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/readable.hpp"

namespace {

int fail(const stent::Error& error) {
  std::fprintf(stderr, "stent: error: %s\n", stent::cli::readable(error.message()).c_str());
  if (!error.hint().empty()) std::fprintf(stderr, "hint: %s\n", stent::cli::readable(error.hint()).c_str());
  return static_cast<int>(error.code());
}

int run(int argc, char** argv) {
  CLI::App app("Changes functions of a running process without restarting it.", "stent");
  app.set_version_flag("--version", std::string("stent ") + STENT_VERSION);
  app.require_subcommand(1);
  int status = 0;
  stent::cli::add_create(app);
  stent::cli::add_review(app);
  stent::cli::add_show(app);
  stent::cli::add_check(app, status);
  stent::cli::add_apply(app, status);
  stent::cli::add_list(app);
  stent::cli::add_revert(app, status);
  stent::cli::add_gdb(app);
  stent::cli::add_sign(app);
  stent::cli::add_keygen(app);
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
  try {
    return run(argc, argv);
  } catch (const stent::Error& error) {
    return fail(error);
  } catch (const std::exception& error) {
    return fail(stent::Error(stent::ErrorCode::internal, error.what()));
  }
}
