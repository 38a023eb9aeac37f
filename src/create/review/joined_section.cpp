#include "create/review/joined_section.hpp"

#include <algorithm>

#include "create/review/names.hpp"

namespace stent::review {
namespace {

bool waits_for_others(const std::string& plain) {
  static const std::set<std::string> names = {
      "read",    "pread", "recv",   "recvfrom",    "send",  "sendto", "connect", "fgets",
      "getline", "fread", "fscanf", "getaddrinfo", "fopen", "open",   "qsort",   "bsearch",
      "join",    "get",   "close",  "fclose",      "abort", "exit",   "scanf"};
  return is_wait(plain) || names.contains(plain);
}

bool is_exchange_of_memory(const std::string& symbol) {
  return symbol.starts_with("_Zn") || symbol.starts_with("_Zd") || symbol.starts_with("__cxa_") ||
         symbol.starts_with("_Unwind_") || symbol == "__clang_call_terminate";
}

class JoinedSection {
 public:
  JoinedSection(const ReviewedUnit& unit, const FunctionPair& function)
      : unit_(&unit), function_(&function) {}

  [[nodiscard]] bool is_harmless() {
    if (!takes_one_newly() || !is_of_unit() || is_reached_by_address()) return false;
    for (const Side* side : {&unit_->before, &unit_->after})
      for (const auto& [name, facts] : side->facts)
        if (!holds_briefly(facts)) return false;
    return shares_memory();
  }

 private:
  /// Exactly one, taken where none is held, and given back on every way.
  [[nodiscard]] bool takes_one_newly() {
    for (const Call& call : function_->before->calls)
      if (synchronises(plain_name(call.name))) return false;
    for (const Call& call : function_->after->calls) {
      const std::string plain = plain_name(call.name);
      if (!synchronises(plain)) continue;
      const LockEffect effect = lock_effect(plain);
      const bool may_fail =
          plain.find("try") != std::string::npos || plain.find("timed") != std::string::npos;
      if (effect == LockEffect::none || may_fail || !call.arguments[0].is(Value::Kind::address)) return false;
      if (lock_.empty()) lock_ = call.arguments[0].origin();
      if (call.arguments[0].origin() != lock_) return false;
      if (effect == LockEffect::lock && !call.locks.empty()) return false;
    }
    return !lock_.empty();
  }

  [[nodiscard]] std::string variable() const { return lock_.substr(1, lock_.find('+') - 1); }

  /// A variable that other units cannot name, and whose address goes only to those that take and give it
  /// back.
  [[nodiscard]] bool is_of_unit() const {
    const std::string name = variable();
    for (const Side* side : {&unit_->before, &unit_->after}) {
      const bool is_own = std::ranges::any_of(side->object->symbols, [&](const model::Symbol& symbol) {
        return symbol.name == name && symbol.definition && symbol.binding == model::SymbolBinding::local;
      });
      if (!is_own || side->data_users.contains(name)) return false;
      for (const auto& [user, facts] : side->facts)
        if (facts.escaping.contains(name) || hands_over(facts, name)) return false;
    }
    return true;
  }

  static bool hands_over(const FunctionFacts& facts, const std::string& name) {
    return std::ranges::any_of(facts.calls, [&](const Call& call) {
      return lock_effect(plain_name(call.name)) == LockEffect::none &&
             std::ranges::any_of(call.arguments, [&](const Value& value) {
               return value.is(Value::Kind::address) && value.name == name;
             });
    });
  }

  /// Handlers and callbacks are entered wherever their caller likes.
  [[nodiscard]] bool is_reached_by_address() const {
    const std::string& name = function_->before->name;
    for (const Side* side : {&unit_->before, &unit_->after}) {
      if (side->data_users.contains(name)) return true;
      for (const auto& [user, facts] : side->facts)
        if (facts.addressed.contains(name)) return true;
    }
    return false;
  }

  /// Every call with the lock held comes back without waiting for it, and no way out keeps it.
  [[nodiscard]] bool holds_briefly(const FunctionFacts& facts) {
    if (std::ranges::any_of(facts.locks_at_return, [&](const Locks& locks) { return locks.contains(lock_); }))
      return false;
    return std::ranges::all_of(facts.calls, [&](const Call& call) {
      if (!call.locks.contains(lock_)) return true;
      const bool gives_back = lock_effect(plain_name(call.name)) == LockEffect::unlock;
      return gives_back || comes_back(call.name, 0);
    });
  }

  [[nodiscard]] bool comes_back(const std::string& name, int depth) {
    constexpr int deepest = 8;
    const std::string plain = plain_name(name);
    if (depth > deepest || name.starts_with('*') || synchronises(plain) || waits_for_others(plain))
      return false;
    if (const FunctionFacts* facts = unit_->after.find(name)) {
      if (facts == function_->after || facts->has_system_call) return false;
      if (!coming_back_.insert(name).second) return true;  // in question already
      return std::ranges::all_of(facts->calls,
                                 [&](const Call& call) { return comes_back(call.name, depth + 1); });
    }
    return keeps_nothing(plain) || is_library_code(name) || is_exchange_of_memory(name) ||
           plain == "realloc" || plain == "calloc" || plain == "stack_chk_fail";
  }

  /// Static storage that is read, written or handed over with the lock held.
  [[nodiscard]] std::set<std::string> protected_by(const FunctionFacts& facts) const {
    std::set<std::string> names;
    for (const Access& access : facts.accesses)
      if (access.is_static && access.locks.contains(lock_))
        names.insert(access.place.substr(0, access.place.find_first_of("+[")));
    for (const Call& call : facts.calls)
      for (const Value& value : call.arguments)
        if (call.locks.contains(lock_) && value.is(Value::Kind::address) && !value.name.starts_with('*') &&
            !value.name.starts_with('"'))
          names.insert(value.name);
    names.erase(variable());
    return names;
  }

  [[nodiscard]] bool shares_memory() const {
    const std::set<std::string>& own = function_->after->names;
    return std::ranges::any_of(unit_->before.facts, [&](const auto& entry) {
      return entry.first != function_->before->name &&
             std::ranges::any_of(protected_by(entry.second),
                                 [&](const std::string& name) { return own.contains(name); });
    });
  }

  const ReviewedUnit* unit_;
  const FunctionPair* function_;
  std::string lock_;                   ///< its origin: "&lock"
  std::set<std::string> coming_back_;  ///< functions of the unit that are looked at, or were
};

}  // namespace

bool joins_section(const ReviewedUnit& unit, const FunctionPair& function) {
  return JoinedSection(unit, function).is_harmless();
}

}  // namespace stent::review
