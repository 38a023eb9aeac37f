#include "live/transaction/recorded_runtime.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "live/resolve/bind_values.hpp"
#include "live/resolve/dynamic_symbols.hpp"

namespace stent::transaction {

bool RecordedRuntime::has_hooks(patch::HookKind kind) const {
  return std::ranges::find(hooks, kind, &RecordedHook::kind) != hooks.end();
}

RecordedRuntime runtime_of(const patch::Patch& patch, const resolve::ResolvedPatch& resolved,
                           const process::Process& target, const std::vector<process::Module>& modules) {
  RecordedRuntime runtime;
  runtime.frame_tables = call::plan_frame_tables(patch, resolved, target.module_memory(), modules);
  runtime.must_unwind = call::must_unwind(patch, target.module_memory(), modules);
  for (std::size_t i = 0; i < patch.images.size(); ++i)
    for (const patch::Hook& hook : patch.images[i].hooks)
      runtime.hooks.push_back({hook.kind, hook.name, resolved.images[i].base.to_remote(hook.address)});
  runtime.shadow_table = resolved.shadow_table;
  for (const patch::Image& image : patch.images) {
    const process::Module& module = resolve::find_module(modules, image.module, image.module_name);
    runtime.modules.push_back({module.extent(), module.build_id.text()});
  }
  return runtime;
}

bool may_load_unwinder(const RecordedRuntime& runtime, const process::Process& target,
                       const std::vector<process::Module>& modules) {
  static const std::set<std::string> loaders{"backtrace", "pthread_cancel", "pthread_exit"};
  if (runtime.frame_tables.empty() ||
      std::ranges::any_of(runtime.frame_tables, &call::FrameTable::is_planned))
    return false;
  return std::ranges::any_of(modules, [&](const process::Module& module) {
    const auto symbols =
        module.is_executable ? resolve::DynamicSymbols::of(target.module_memory(), module) : std::nullopt;
    return symbols && std::ranges::any_of(symbols->filled_slots(), [&](const resolve::FilledSlot& slot) {
             return loaders.contains(slot.symbol);
           });
  });
}

Bytes serialise(const RecordedRuntime& runtime) {
  nlohmann::json tables = nlohmann::json::array(), hooks = nlohmann::json::array(),
                 modules = nlohmann::json::array();
  for (const call::FrameTable& table : runtime.frame_tables)
    tables.push_back({table.add.value, table.remove.value, table.eh_frame.begin.value, table.object.value,
                      table.is_single, table.eh_frame.size, table.is_late});
  for (const RecordedHook& hook : runtime.hooks)
    hooks.push_back({static_cast<unsigned>(hook.kind), hook.name, hook.address.value});
  for (const RecordedModule& module : runtime.modules)
    modules.push_back({module.extent.begin.value, module.extent.size, module.build_id});
  const nlohmann::json json = {{"origin", runtime.origin},
                               {"frame_tables", tables},
                               {"must_unwind", runtime.must_unwind},
                               {"hooks", hooks},
                               {"shadow_table", runtime.shadow_table.value},
                               {"modules", modules}};
  const auto text = json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  const ByteView bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

RecordedRuntime parse_runtime(ByteView bytes) {
  RecordedRuntime runtime;
  try {
    const auto json = nlohmann::json::parse(reinterpret_cast<const char*>(bytes.data()),
                                            reinterpret_cast<const char*>(bytes.data()) + bytes.size());
    json.at("origin").get_to(runtime.origin);
    for (const auto& row : json.at("frame_tables"))
      runtime.frame_tables.push_back({{row.at(0).get<std::uint64_t>()},
                                      {row.at(1).get<std::uint64_t>()},
                                      {{row.at(2).get<std::uint64_t>()}, row.at(5).get<std::uint64_t>()},
                                      {row.at(3).get<std::uint64_t>()},
                                      row.at(4).get<bool>(),
                                      row.at(6).get<bool>()});
    json.at("must_unwind").get_to(runtime.must_unwind);
    for (const auto& row : json.at("hooks"))
      runtime.hooks.push_back({static_cast<patch::HookKind>(row.at(0).get<unsigned>()),
                               row.at(1).get<std::string>(),
                               {row.at(2).get<std::uint64_t>()}});
    runtime.shadow_table = {json.at("shadow_table").get<std::uint64_t>()};
    for (const auto& row : json.at("modules"))
      runtime.modules.push_back(
          {{{row.at(0).get<std::uint64_t>()}, row.at(1).get<std::uint64_t>()}, row.at(2).get<std::string>()});
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorCode::bad_input, "a record in the target is damaged");
  }
  return runtime;
}

}  // namespace stent::transaction
