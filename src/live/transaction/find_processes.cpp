#include <algorithm>
#include <cctype>
#include <filesystem>
#include <functional>

#include "base/error.hpp"
#include "live/transaction/inventory.hpp"

namespace stent::transaction {
namespace {

using Wanted = std::function<bool(const std::vector<process::Mapping>&, const process::ProcessMemory&)>;

/// The processes, lowest pid first, that stent may look at and that are `wanted`.
std::vector<Pid> find(const Wanted& wanted) {
  std::vector<Pid> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename().string();
    if (!std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c) != 0; })) continue;
    const Pid pid{std::stoi(name)};
    try {
      const auto mappings = process::read_mappings(pid);
      if (mappings.empty()) continue;
      if (wanted(mappings, process::ProcessMemory(Tid{pid.value}))) found.push_back(pid);
    } catch (const Error&) {
      continue;  // ended meanwhile, or not ours to look at
    }
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

std::vector<Pid> patched_processes() {
  return find(
      [](const auto& mappings, const auto& memory) { return !find_records(mappings, memory).empty(); });
}

std::vector<Pid> processes_of(const patch::Patch& patch) {
  return find([&](const auto& mappings, const auto& memory) {
    const auto modules = process::find_modules(mappings, process::ModuleMemory(memory));
    return std::ranges::all_of(patch.images, [&](const patch::Image& image) {
      return std::ranges::find(modules, image.module, &process::Module::build_id) != modules.end();
    });
  });
}

}  // namespace stent::transaction
