#include <fmt/core.h>

#include <memory>

#include "cli/commands.hpp"
#include "cli/print_findings.hpp"
#include "cli/print_report.hpp"
#include "cli/readable.hpp"
#include "patch/patch_file.hpp"

namespace stent::cli {
namespace {

struct ShowOptions {
  std::filesystem::path patch;
  bool json = false;
};

std::string describe(const patch::Binding& binding) {
  struct Words {
    std::string operator()(const patch::ModuleAddress& at) const {
      return "in the module at " + hex(at.address.value);
    }
    std::string operator()(const patch::DynamicSymbol& symbol) const {
      return "dynamic symbol" + (symbol.version.empty() ? "" : "@" + symbol.version) +
             (symbol.weak ? ", weak" : "");
    }
    std::string operator()(const patch::ThreadOffset& at) const {
      return "thread-local at " + hex(at.offset);
    }
    std::string operator()(const patch::ThreadModule&) const { return "the module's thread-local number"; }
    std::string operator()(const patch::OtherImage& at) const {
      return "in image " + std::to_string(at.image);
    }
    std::string operator()(const patch::OtherModule& at) const { return "in module " + at.module.text(); }
    std::string operator()(const patch::OwnImage& at) const {
      return "in the patch at " + hex(at.address.value);
    }
    std::string operator()(const patch::ShadowTable&) const { return "the table of shadow data"; }
    std::string operator()(const patch::ChosenFunction& function) const {
      return "what the resolver at " + hex(function.resolver.value) + " of the module chooses";
    }
  };
  return std::visit(Words{}, binding.where);
}

nlohmann::json to_json(const patch::Image& image) {
  nlohmann::json functions = nlohmann::json::array(), references = nlohmann::json::array();
  for (const auto& function : image.replaced) {
    std::uint64_t size = 0;
    for (const auto& extent : function.extents) size += extent.range.size;
    functions.push_back({{"name", function.name},
                         {"entry", hex(function.entry().value)},
                         {"extents", function.extents.size()},
                         {"size", size}});
  }
  nlohmann::json hooks = nlohmann::json::array();
  for (const auto& hook : image.hooks) hooks.push_back(hook.name);
  for (const auto& binding : image.bindings)
    references.push_back({{"name", binding.name}, {"where", describe(binding)}});
  return {{"module", image.module_name},
          {"build_id", image.module.text()},
          {"window", image.window_size()},
          {"functions", functions},
          {"hooks", hooks},
          {"references", references}};
}

nlohmann::json to_json(const patch::Patch& patch) {
  nlohmann::json images = nlohmann::json::array();
  for (const auto& image : patch.images) images.push_back(to_json(image));
  return {{"name", patch.name},
          {"id", patch.id.text()},
          {"description", patch.description},
          {"created", patch.created},
          {"toolchain", patch.toolchain},
          {"images", images},
          {"findings", cli::to_json(patch.findings)}};
}

void print(const patch::Image& image) {
  fmt::print("{} (build-id {})\n", image.module_name, image.module.text());
  for (const auto& function : image.replaced) {
    fmt::print("  replaces {}", both_names(function.name));
    for (const auto& extent : function.extents)
      fmt::print(" [0x{:x}, 0x{:x})", extent.range.begin.value, extent.range.end().value);
    fmt::print("\n");
  }
  for (const auto& hook : image.hooks) fmt::print("  hook {}\n", hook.name);
  for (const auto& binding : image.bindings)
    fmt::print("  references {}: {}\n", both_names(binding.name), describe(binding));
}

void run(const ShowOptions& options) {
  const patch::Patch patch = patch::read_patch(options.patch);
  const auto signer = patch::signer_of(options.patch);
  if (options.json) {
    nlohmann::json json = to_json(patch);
    if (signer) json["signer"] = signer->text();
    fmt::print("{}\n", json.dump(2));
    return;
  }
  fmt::print("{} {}\n", patch.name, patch.id.text());
  if (signer) fmt::print("signed by {}\n", signer->text());
  if (!patch.description.empty()) fmt::print("{}\n", patch.description);
  for (const auto& image : patch.images) print(image);
  cli::print_findings(patch.findings);
}

}  // namespace

void add_show(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("show", "what a patch replaces, for which build, and what it references");
  auto options = std::make_shared<ShowOptions>();
  command->add_option("patch", options->patch, "the patch (NAME.stent)")->required();
  command->add_flag("--json", options->json, "print the result as JSON");
  command->callback([options] { reporting_errors(options->json, [&] { run(*options); }); });
}

}  // namespace stent::cli
