#include "live/transaction/code_names.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"

namespace stent::transaction {
namespace {

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// The image's symbols, from its file as the target sees it; null when that is not the mapped build.
std::unique_ptr<model::Image> load(const process::Process& target, const process::Module& module) {
  try {
    auto image = std::make_unique<model::Image>(
        model::load_image(fmt::format("/proc/{}/root{}", target.pid().value, module.name)));
    return image->build_id == module.build_id ? std::move(image) : nullptr;
  } catch (const Error&) {
    return nullptr;
  }
}

}  // namespace

CodeNames::CodeNames(const process::Process& target, const std::vector<FoundRecord>& records)
    : target_(&target), records_(records), modules_(target.modules()) {}

std::string CodeNames::describe(RemoteAddress at, bool is_return) const {
  const RemoteAddress inside = is_return ? at - 1 : at;
  if (const std::string name = in_patch(inside); !name.empty()) return name;
  for (const process::Module& module : modules_)
    if (module.contains(inside)) return in_module(module, inside);
  return fmt::format("{:#x}", at.value);
}

std::string CodeNames::in_patch(RemoteAddress at) const {
  for (const FoundRecord& found : records_) {
    for (const RecordedFunction& function : found.record.functions)
      for (const RemoteRange& range : function.new_extents)
        if (range.contains(at))
          return fmt::format("{}+{:#x} (patch {})", function.name, at - range.begin, found.record.name);
    if (found.memory().contains(at)) return fmt::format("(patch {})", found.record.name);
  }
  return {};
}

std::string CodeNames::in_module(const process::Module& module, RemoteAddress at) const {
  const LinkAddress link = module.bias.to_link(at);
  const auto place = images_.try_emplace(module.name).first;
  if (place->second == nullptr) place->second = load(*target_, module);
  if (place->second != nullptr)
    for (const model::ImageSymbol& symbol : place->second->symbols)
      if (symbol.type == model::SymbolType::function && LinkRange{symbol.address, symbol.size}.contains(link))
        return fmt::format("{}+{:#x} ({})", symbol.name, link - symbol.address, file_name(module.name));
  return fmt::format("{}+{:#x}", file_name(module.name), link.value);
}

}  // namespace stent::transaction
