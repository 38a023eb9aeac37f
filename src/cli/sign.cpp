#include <fmt/core.h>

#include <memory>

#include "cli/commands.hpp"
#include "patch/patch_file.hpp"

namespace stent::cli {

void add_sign(CLI::App& app) {
  struct SignOptions {
    std::filesystem::path patch, key;
  };
  CLI::App* command = app.add_subcommand("sign", "signs a patch with a secret key, in place");
  auto options = std::make_shared<SignOptions>();
  command->add_option("patch", options->patch, "the patch (NAME.stent)")->required();
  command->add_option("--key", options->key, "the secret key (NAME.key, made by `stent keygen`)")->required();
  command->callback([options] {
    const patch::SecretKey key = patch::read_secret_key(options->key);
    patch::sign_patch(options->patch, key);
    fmt::print("signed {} by {}\n", options->patch.string(), key.public_key().text());
  });
}

}  // namespace stent::cli
