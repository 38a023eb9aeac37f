#include <fmt/core.h>

#include <memory>

#include "cli/commands.hpp"
#include "patch/key.hpp"

namespace stent::cli {

void add_keygen(CLI::App& app) {
  CLI::App* command = app.add_subcommand("keygen", "makes a pair of keys to sign patches with");
  auto name = std::make_shared<std::string>();
  command->add_option("-o,--output", *name, "NAME of the pair: NAME.key (secret) and NAME.pub")->required();
  command->callback([name] {
    const patch::SecretKey key = patch::generate_key();
    patch::write_key(key, *name + ".key");
    patch::write_key(key.public_key(), *name + ".pub");
    fmt::print("{}\n", key.public_key().text());
  });
}

}  // namespace stent::cli
