#include "create/emit/running.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "create/bind/hook_kind.hpp"
#include "create/emit/check_hook.hpp"

namespace stent::emit {
namespace {

using patch::UnwindNeed;

bool is_cplusplus(const model::Object& object) {
  constexpr std::array<std::string_view, 6> endings{".cc", ".cpp", ".cxx", ".C", ".c++", ".cp"};
  return std::ranges::any_of(endings, [&](std::string_view end) { return object.source.ends_with(end); }) ||
         std::ranges::any_of(object.symbols,
                             [](const model::Symbol& symbol) { return symbol.name.starts_with("_Z"); });
}

bool is_unwinder(std::string_view name) { return name.starts_with("_Unwind_"); }

/// What code that throws, catches or cleans up calls.
bool is_exception_runtime(std::string_view name) {
  constexpr std::array<std::string_view, 5> others{"__cxa_throw", "__cxa_rethrow", "__cxa_begin_catch",
                                                   "__cxa_end_catch", "__gxx_personality_v0"};
  return is_unwinder(name) || std::ranges::find(others, name) != others.end();
}

/// The heart of an unwinder or of a C++ runtime; the C library has others of their names, which lead there.
bool is_exception_source(std::string_view name) {
  return name == "_Unwind_RaiseException" || name == "__cxa_throw" || name == "__gxx_personality_v0";
}

/// What a module shows of the exceptions in it.
struct Traces {
  bool imports_runtime = false, imports_unwinder = false, defines_runtime = false;
  bool imports_cplusplus = false;  ///< from a shared libstdc++, which throws with the shared unwinder
  bool is_stripped = true;         ///< so what it defines cannot be seen

  explicit Traces(const model::Image& target) {
    for (const model::Import& import : target.imports) {
      imports_runtime = imports_runtime || is_exception_runtime(import.name);
      imports_unwinder = imports_unwinder || is_unwinder(import.name);
      imports_cplusplus = imports_cplusplus || import.version.starts_with("GLIBCXX_");
    }
    for (const model::ImageSymbol& symbol : target.symbols) {
      defines_runtime =
          defines_runtime || (symbol.type == model::SymbolType::function && is_exception_source(symbol.name));
      is_stripped = is_stripped && symbol.binding != model::SymbolBinding::local;
    }
  }
};

UnwindNeed need_of(const std::vector<bind::BoundUnit>& units, const Traces& traces) {
  UnwindNeed need = UnwindNeed::none;
  for (const bind::BoundUnit& unit : units) {
    const model::Object& object = *unit.new_object;
    const bool is_thrown_through =
        traces.imports_runtime || traces.defines_runtime || (traces.is_stripped && is_cplusplus(object));
    for (const model::AtomId id : unit.selected) {
      if (id.value >= object.frames.size() || !object.frames[id.value]) continue;
      const bool has_personality = !object.frames[id.value]->cie_references.empty();
      need = std::max(need, has_personality || is_thrown_through ? UnwindNeed::required : UnwindNeed::wanted);
    }
  }
  return need;
}

std::optional<LinkAddress> function_named(const model::Image& target, const char* name) {
  const auto found = std::ranges::find_if(target.symbols, [&](const model::ImageSymbol& symbol) {
    return symbol.name == name && symbol.type == model::SymbolType::function;
  });
  if (found == target.symbols.end()) return std::nullopt;
  return found->address;
}

std::optional<patch::OwnUnwinder> own_unwinder(const model::Image& target) {
  const auto add = function_named(target, "__register_frame_info");
  const auto remove = function_named(target, "__deregister_frame_info");
  if (!add || !remove) return std::nullopt;
  return patch::OwnUnwinder{*add, *remove};
}

/// True when the module raises or resumes exceptions, or may do so, without importing what does it. Compiled
/// with -fno-exceptions it does neither: what passes through comes from the libstdc++ that it imports.
bool hides_unwinder(const Traces& traces, const patch::Image& image) {
  if (traces.imports_unwinder) return false;
  if (!traces.imports_runtime && traces.imports_cplusplus && !traces.defines_runtime) return false;
  return traces.defines_runtime || traces.is_stripped ||
         std::ranges::any_of(image.bindings, [](const patch::Binding& binding) {
           return is_unwinder(binding.name) && std::holds_alternative<patch::ModuleAddress>(binding.where) &&
                  binding.name.find('@') == std::string::npos;
         });
}

std::vector<patch::Hook> find_hooks(const std::vector<bind::BoundUnit>& units, const Placement& placement,
                                    const Draft& draft) {
  std::vector<patch::Hook> hooks;
  for (std::size_t unit = 0; unit < units.size(); ++unit)
    for (const model::Symbol& symbol : units[unit].new_object->symbols) {
      const auto kind = bind::hook_kind(symbol.name);
      if (!kind || !symbol.definition || symbol.type != model::SymbolType::function) continue;
      const auto spot = placement.find(unit, symbol.definition->atom);
      if (!spot || !placement.is_owner(unit, symbol.definition->atom)) continue;
      check_hook(*units[unit].new_object, symbol);
      hooks.push_back({*kind, symbol.name, draft.address_of(*spot)});
    }
  return hooks;
}

}  // namespace

void describe_running(const model::Image& target, const std::vector<bind::BoundUnit>& units,
                      const Placement& placement, const Draft& draft, patch::Image& image) {
  image.hooks = find_hooks(units, placement, draft);
  if (image.eh_frame.size == 0) return;
  const Traces traces(target);
  image.unwind = need_of(units, traces);
  image.own_unwinder = own_unwinder(target);
  if (image.unwind == UnwindNeed::required && !image.own_unwinder && hides_unwinder(traces, image))
    throw Error(ErrorCode::refused,
                "exceptions may pass through the new code, and " + target.path.string() +
                    " does not show which unwinder it uses (it may hold its own: -static-libgcc, -static)",
                "give its symbols: an unstripped build, its debug file (--debug-root) or --same-build");
}

}  // namespace stent::emit
