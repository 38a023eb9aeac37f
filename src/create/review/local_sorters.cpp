#include "create/review/local_sorters.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "create/review/names.hpp"

namespace stent::review {
namespace {

using dwarf::DebugInfo;
using dwarf::Type;
using dwarf::TypeId;
using dwarf::TypeKind;

/// "std::__cxx11::list<int>" -> "list".
std::string library_class(const std::string& name) {
  if (!name.starts_with("std::")) return {};
  const std::size_t end = std::min(name.find('<'), name.size());
  const std::size_t begin = name.rfind("::", end) + 2;
  return name.substr(begin, end - begin);
}

bool is_container_type(const Type& type) {
  static const std::set<std::string> names = {"vector",
                                              "deque",
                                              "list",
                                              "forward_list",
                                              "map",
                                              "multimap",
                                              "set",
                                              "multiset",
                                              "unordered_map",
                                              "unordered_multimap",
                                              "unordered_set",
                                              "array",
                                              "unordered_multiset",
                                              "priority_queue",
                                              "queue",
                                              "stack",
                                              "span",
                                              "valarray"};
  return names.contains(library_class(type.name));
}

/// True when a value of one of the types contains or leads to a container.
bool lead_to_container(const DebugInfo& info, std::vector<TypeId> open) {
  std::set<TypeId> seen;
  while (!open.empty()) {
    const TypeId at = open.back();
    open.pop_back();
    if (!seen.insert(at).second) continue;
    const Type& type = info[at];
    if (is_container_type(type)) return true;
    if (type.kind == TypeKind::function) continue;
    open.push_back(type.target);
    for (const dwarf::Member& member : type.members) open.push_back(member.type);
  }
  return false;
}

bool leads_to_container(const DebugInfo& info, TypeId id) { return lead_to_container(info, {id}); }

/// Elements in a row, in the order in which they were put there.
bool is_sequence(const Type& type) {
  static const std::set<std::string> names = {"vector", "deque", "list", "forward_list", "array", "span"};
  return names.contains(library_class(type.name));
}

/// A constant sequence whose elements lead to no container: the function reorders nothing of it.
bool is_only_read(const DebugInfo& info, const dwarf::Parameter& parameter) {
  const Type& type = info[info[parameter.type].target];
  if (!parameter.points_to_const || !is_sequence(type)) return false;
  std::vector<TypeId> inside;
  for (const dwarf::Member& member : type.members) inside.push_back(member.type);
  return !lead_to_container(info, std::move(inside));
}

bool has_container(const DebugInfo& info, const dwarf::Function& function) {
  return std::ranges::any_of(
      function.locals, [&](const dwarf::Parameter& local) { return is_container_type(info[local.type]); });
}

/// Looks for something where an order says that it must be.
bool looks_up(const std::string& symbol) {
  const std::string plain = plain_name(symbol);
  return std::ranges::any_of(
      std::initializer_list<const char*>{"bound", "search", "equal_range", "partition"},
      [&](const char* part) { return plain.find(part) != std::string::npos; });
}

/// A sort, a search or a merge of the library that is given plain pointers.
bool works_on_pointers(const std::string& symbol) {
  const std::string plain = plain_name(symbol);
  const bool concerns_order =
      std::ranges::any_of(std::initializer_list<const char*>{"sort", "heap", "bound", "search", "merge",
                                                             "partition", "nth_element", "equal_range"},
                          [&](const char* part) { return plain.find(part) != std::string::npos; });
  return concerns_order && is_library_code(symbol) && symbol.find("normal_iterator") == std::string::npos &&
         symbol.find("_Deque_iterator") == std::string::npos;
}

/// What the compilers' and the C library's own functions do to containers is nothing.
bool leaves_containers(const std::string& symbol) {
  const std::string plain = plain_name(symbol);
  return is_library_code(symbol) || symbol.starts_with("__cxa_") || symbol.starts_with("_Unwind_") ||
         symbol.starts_with("_Zn") || symbol.starts_with("_Zd") || keeps_nothing(plain) ||
         plain == "stack_chk_fail" || plain == "clang_call_terminate";
}

class LocalSorters {
 public:
  explicit LocalSorters(const ReviewedUnit& unit) : unit_(&unit) {
    for (const Side* side : {&unit.before, &unit.after}) {
      std::vector<TypeId> types;
      for (const dwarf::Variable& variable : side->debug.variables) types.push_back(variable.type);
      has_static_container_ = has_static_container_ || lead_to_container(side->debug, std::move(types));
    }
  }

  std::set<std::string> find() {
    std::set<std::string> found;
    for (const FunctionPair& pair : unit_->changed) {
      const std::string& name = pair.before->name;
      if (is_local_comparator(name) || (uses_library(*pair.before) && is_local(unit_->before, name, 0) &&
                                        is_local(unit_->after, pair.after->name, 0)))
        found.insert(name);
    }
    return found;
  }

 private:
  static bool uses_library(const FunctionFacts& facts) {
    return is_library_code(facts.name) ||
           std::ranges::any_of(facts.calls, [](const Call& call) { return is_library_code(call.name); }) ||
           facts.calls_to("_Znwm");
  }

  /// Through the library's instances up to the functions that are written in the unit.
  [[nodiscard]] bool is_local(const Side& side, const std::string& name, int depth) {
    constexpr int deepest = 12;
    if (has_static_container_ || depth > deepest) return false;
    if (!is_library_code(name)) return has_only_own_containers(side, name);
    const auto callers = side.callers.find(name);
    if (callers == side.callers.end()) return false;
    return std::ranges::all_of(callers->second, [&](const std::string& caller) {
      return caller == name || is_local(side, caller, depth + 1);
    });
  }

  [[nodiscard]] bool has_only_own_containers(const Side& side, const std::string& name) const {
    const FunctionFacts* facts = side.find(name);
    const dwarf::Function* declared = side.declaration(name);
    if (facts == nullptr || declared == nullptr || !is_entered_anew(name)) return false;
    bool reads = false;
    for (const dwarf::Parameter& parameter : declared->parameters) {
      if (!leads_to_container(side.debug, parameter.type)) continue;
      reads = true;
      if (!is_only_read(side.debug, parameter) || !has_container(side.debug, *declared)) return false;
    }
    if (leads_to_container(side.debug, declared->result) && !has_container_besides(side.debug, *declared))
      return false;
    for (const dwarf::InlinedCall& call : declared->inlined)
      if (works_on_pointers(call.name) || (reads && looks_up(call.name))) return false;
    return std::ranges::all_of(facts->calls, [&](const Call& call) {
      return !works_on_pointers(call.name) && !(reads && looks_up(call.name)) &&
             (leaves_containers(call.name) || gives_no_container(side, call));
    });
  }

  [[nodiscard]] bool is_entered_anew(const std::string& name) const {
    return std::ranges::any_of(unit_->changed, [&](const FunctionPair& pair) {
      return pair.before->name == name || pair.after->name == name;
    });
  }

  /// The result is handed to the caller, the other one is not.
  [[nodiscard]] static bool has_container_besides(const DebugInfo& info, const dwarf::Function& function) {
    return std::ranges::any_of(function.locals, [&](const dwarf::Parameter& local) {
      return is_container_type(info[local.type]) && info[local.type].name != info[function.result].name;
    });
  }

  [[nodiscard]] static bool gives_no_container(const Side& side, const Call& call) {
    const dwarf::Function* declared = side.declaration(call.name);
    return declared != nullptr && !leads_to_container(side.debug, declared->result);
  }

  /// Every function that refers to it hands it to a sort or search of an array on its stack.
  [[nodiscard]] bool is_local_comparator(const std::string& name) const {
    const auto callers = unit_->before.callers.find(name);
    if (unit_->before.data_users.contains(name) || callers == unit_->before.callers.end()) return false;
    for (const model::Symbol& symbol : unit_->before.object->symbols)
      if (symbol.name == name && symbol.binding != model::SymbolBinding::local) return false;
    return std::ranges::all_of(callers->second, [&](const std::string& caller) {
      const FunctionFacts* facts = unit_->before.find(caller);
      return facts != nullptr && !facts->calls_to(name) && !facts->escaping.contains(name) &&
             is_handed_to_local_sorts(*facts, name);
    });
  }

  [[nodiscard]] static bool is_handed_to_local_sorts(const FunctionFacts& facts, const std::string& name) {
    int handed = 0;
    for (const Call& call : facts.calls) {
      const bool gives = std::ranges::any_of(call.arguments, [&](const Value& value) {
        return value.is(Value::Kind::address) && value.name == name;
      });
      if (!gives) continue;
      const std::string plain = plain_name(call.name);
      const std::size_t array = plain == "bsearch" ? 1 : 0;
      if ((plain != "qsort" && plain != "qsort_r" && plain != "bsearch") ||
          !call.arguments.at(array).is(Value::Kind::stack))
        return false;
      ++handed;
    }
    return handed > 0;
  }

  const ReviewedUnit* unit_;
  bool has_static_container_ = false;
};

}  // namespace

std::set<std::string> find_local_sorters(const ReviewedUnit& unit) { return LocalSorters(unit).find(); }

}  // namespace stent::review
