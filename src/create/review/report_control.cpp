#include <fmt/format.h>

#include <algorithm>

#include "create/review/code_rules.hpp"
#include "create/review/filled_tables.hpp"
#include "create/review/names.hpp"
#include "create/review/texts.hpp"

namespace stent::review {
namespace {

bool is_loop_without_end(const FunctionFacts& facts) {
  return !facts.can_return && std::ranges::any_of(facts.calls, [](const Call& call) { return call.in_loop; });
}

/// Asks whether something is there, and comes back at once when it is not.
bool only_looks(const Call& call) {
  constexpr std::int64_t no_hang = 1;
  const std::string plain = plain_name(call.name);
  const bool has_flags = plain == "waitpid" || plain == "wait4";
  return (has_flags && call.arguments[2].is_constant(no_hang)) ||
         (plain == "poll" && call.arguments[2].is_constant(0)) ||
         (plain == "epoll_wait" && call.arguments[3].is_constant(0));
}

class ControlRules {
 public:
  ControlRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {
    for (const auto& [name, facts] : unit.before.facts)
      for (const Access& access : facts.accesses)
        if (access.is_written) note_reset(facts, access);
  }

  void run() {
    for (const FunctionPair& pair : unit_->changed) {
      check_start(pair);
      check_for_ever(pair);
      check_entry(pair);
      check_once(pair);
      check_made_once(pair);
      check_registrations(pair);
    }
  }

 private:
  /// Zero is stored again, or something is taken off; in a table, by an address that goes through it, too.
  void note_reset(const FunctionFacts& facts, const Access& access) {
    const bool clears = access.value.is(Value::Kind::constants) && access.value.numbers.contains(0);
    if (access.is_static && (clears || access.stored.starts_with("step{-"))) reset_.insert(access.place);
    if (!clears || access.size != sizeof(void*) || !access.place.starts_with('?')) return;
    for (const std::string& table : facts.addressed) reset_.insert(table + "[]");
  }

  void report(const FunctionPair& pair, const char* kind, const std::string& what, const char* why,
              const char* remedy) {
    Finding finding = about(pair, Level::review, kind);
    finding.message = pair.name() + " " + what;
    finding.why = why;
    finding.remedy = remedy;
    findings_->add(pair.name(), std::move(finding));
  }

  [[nodiscard]] bool is_constructor(const std::string& name) const {
    if (name.starts_with("_GLOBAL__sub_") || name.starts_with("__cxx_global_var_init") ||
        name.find("__static_initialization_and_destruction") != std::string::npos)
      return true;
    const auto users = unit_->before.data_users.find(name);
    return users != unit_->before.data_users.end() &&
           std::ranges::any_of(users->second, [](const std::string& user) {
             return user.starts_with(".init_array") || user.starts_with(".ctors") ||
                    user.starts_with(".preinit_array");
           });
  }

  [[nodiscard]] bool runs_only_at_start(const std::string& name, int depth = 0) const {
    constexpr int deepest = 8;
    if (name == "main" || is_constructor(name)) return true;
    if (depth > deepest || (unit_->is_callable_from_outside(name))) return false;
    const auto callers = unit_->before.callers.find(name);
    if (callers == unit_->before.callers.end()) return false;
    return std::ranges::all_of(callers->second, [&](const std::string& caller) {
      return caller != name && runs_only_at_start(caller, depth + 1);
    });
  }

  /// Named as something done at the start, it sets state of the program rather than of an object.
  [[nodiscard]] bool looks_like_start(const FunctionPair& pair) const {
    if (!runs_at_start(plain_name(pair.name()))) return false;
    if (pair.old_declaration != nullptr)
      for (const dwarf::Parameter& parameter : pair.old_declaration->parameters) {
        const dwarf::Type& type = unit_->before.debug[parameter.type];
        const auto pointee = unit_->before.debug[type.target].kind;
        const bool is_pointer =
            type.kind == dwarf::TypeKind::pointer || type.kind == dwarf::TypeKind::reference;
        if (is_pointer && (pointee == dwarf::TypeKind::structure || pointee == dwarf::TypeKind::void_))
          return false;
      }
    return std::ranges::any_of(pair.after->accesses, [](const Access& access) {
      return access.is_written && !access.place.starts_with("*__errno_location()") &&
             !is_made_in_call(access.place);
    });
  }

  void check_start(const FunctionPair& pair) {
    if (!runs_only_at_start(pair.before->name) && !looks_like_start(pair) &&
        !fills_tables_by_itself(*unit_, pair))
      return;
    report(pair, "ran-already", "runs when the program (or its configuration) starts",
           "it has run already: what the new code would do differently does not happen",
           "do what is missing from a hook, or acknowledge that it is not needed");
  }

  void check_for_ever(const FunctionPair& pair) {
    const bool waits = std::ranges::any_of(pair.before->calls, [](const Call& call) {
      return call.in_loop && is_wait(plain_name(call.name)) && !only_looks(call);
    });
    const bool calls_one = std::ranges::any_of(pair.before->calls, [&](const Call& call) {
      const FunctionFacts* callee = unit_->before.find(call.name);
      return callee != nullptr && callee != pair.before && is_loop_without_end(*callee);
    });
    const bool named = !is_library_code(pair.name()) && runs_for_ever(plain_name(pair.name()));
    if (!waits && !calls_one && !is_loop_without_end(*pair.before) && !named && !keeps_frame_for_long(pair))
      return;
    report(pair, "never-left", "waits or runs in a loop for as long as the program runs",
           "a thread is inside it always, so the new code may never be entered",
           "move the changed part into a function that the loop calls");
  }

  [[nodiscard]] bool may_wait(const std::string& name, int depth = 0) const {
    static const std::set<std::string> reads = {"read",     "recv",  "recvfrom", "recvmsg", "readv",
                                                "fgets",    "getc",  "fgetc",    "getline", "getchar",
                                                "getdelim", "fread", "recvmmsg"};
    constexpr int deepest = 3;
    const std::string plain = plain_name(name);
    if (is_wait(plain) || reads.contains(plain)) return true;
    const FunctionFacts* facts = unit_->before.find(name);
    return facts != nullptr && depth < deepest && std::ranges::any_of(facts->calls, [&](const Call& call) {
             return may_wait(call.name, depth + 1);
           });
  }

  /// A buffer on its stack has another size now, and a loop waits for what is put there: the frame that
  /// exists is the old one for as long as the loop runs.
  [[nodiscard]] bool keeps_frame_for_long(const FunctionPair& pair) const {
    if (pair.old_declaration == nullptr || pair.new_declaration == nullptr) return false;
    const auto buffers = [](const dwarf::DebugInfo& info, const dwarf::Function& function) {
      std::map<std::string, std::vector<std::uint64_t>> all;
      for (const dwarf::Parameter& local : function.locals)
        if (info[local.type].kind == dwarf::TypeKind::array) all[local.name] = info[local.type].bounds;
      return all;
    };
    const auto olds = buffers(unit_->before.debug, *pair.old_declaration);
    const auto news = buffers(unit_->after.debug, *pair.new_declaration);
    const bool resized = std::ranges::any_of(olds, [&](const auto& entry) {
      const auto now = news.find(entry.first);
      return now != news.end() && now->second != entry.second;
    });
    return resized && std::ranges::any_of(pair.before->calls, [&](const Call& call) {
             return call.in_loop && may_wait(call.name) &&
                    std::ranges::any_of(call.arguments,
                                        [](const Value& value) { return value.is(Value::Kind::stack); });
           });
  }

  /// The body of a std::thread or std::async, into which the compiler inlined what it runs.
  static bool is_thread_body(const std::string& name) {
    return name.find("_State_impl") != std::string::npos && name.find("_M_run") != std::string::npos;
  }

  void check_entry(const FunctionPair& pair) {
    const std::string& name = pair.before->name;
    if (is_thread_body(name)) thread_start(pair);
    const auto callers = unit_->before.callers.find(name);
    if (callers == unit_->before.callers.end()) return;
    for (const std::string& caller : callers->second) {
      const FunctionFacts* facts = unit_->before.find(caller);
      if (facts == nullptr) continue;
      if (is_thread_body(caller)) thread_start(pair);
      if (!facts->addressed.contains(name)) continue;
      for (const Call& call : facts->calls) {
        check_registration(pair, plain_name(call.name));
        check_wrapper(pair, call);
      }
    }
  }

  void thread_start(const FunctionPair& pair) {
    report(pair, "thread-start", "is where threads start",
           "threads that run entered the old code, and never enter it again",
           "move the changed part into a function that it calls");
  }

  /// A function of the unit that is given the function and registers what it is given.
  void check_wrapper(const FunctionPair& pair, const Call& call) {
    const FunctionFacts* callee = unit_->before.find(call.name);
    const bool is_given = std::ranges::any_of(call.arguments, [&](const Value& argument) {
      return argument.is(Value::Kind::address) && argument.name == pair.before->name;
    });
    if (callee == nullptr || !is_given) return;
    for (const Call& inner : callee->calls) check_registration(pair, plain_name(inner.name));
  }

  void check_registration(const FunctionPair& pair, const std::string& plain) {
    if (starts_thread(plain)) thread_start(pair);
    if (plain == "signal" || plain == "sigaction" || plain == "bsd_signal" || plain == "sigset")
      report(pair, "signal-handler", "handles signals",
             "it can be entered at any instruction, with the program's state half changed",
             "check that it stays async-signal-safe");
    if (plain == "pthread_once" || plain == "call_once")
      report(pair, "ran-already", "runs once, and did", "it has run already",
             "do what is missing from a hook, or acknowledge that it is not needed");
  }

  /// True when static storage gets the call's result.
  static bool is_init_call(const FunctionFacts& facts, const Call& call) {
    return std::ranges::any_of(facts.accesses, [&](const Access& access) {
      return access.is_static && access.is_written && access.value.is(Value::Kind::result) &&
             access.value.name == call.name;
    });
  }

  /// True when the part that runs once fills memory besides its flag.
  static bool fills_memory(const FunctionFacts& facts) {
    return std::ranges::any_of(facts.accesses, [](const Access& access) {
      return access.is_written && (access.place.starts_with('?') || access.place.ends_with("[]"));
    });
  }

  /// What a function writes to static storage, as text.
  static std::multiset<std::string> static_effects(const FunctionFacts& facts) {
    std::multiset<std::string> effects;
    for (const Access& access : facts.accesses) {
      if (!access.is_static || !access.is_written) continue;
      effects.insert(access.place + "=" + access.stored);
    }
    for (const Call& call : facts.calls) {
      std::string text = call.name + "(" + call.arguments[0].origin();
      for (std::size_t i = 0; i < 3; ++i) {
        for (const std::int64_t number : call.arguments[i].numbers) text += fmt::format(" {}", number);
        if (call.arguments[i].name.starts_with('"')) text += " " + call.arguments[i].name;
      }
      if (call.arguments[0].is(Value::Kind::address) || is_init_call(facts, call))
        effects.insert(std::move(text));
    }
    return effects;
  }

  /// It puts what was first behind what it puts there: a list, and no flag.
  static bool keeps_first(const FunctionFacts& facts, const Access& first) {
    return first.size == sizeof(void*) && std::ranges::any_of(facts.accesses, [&](const Access& access) {
             return access.is_written && !access.is_static && access.stored == first.place;
           });
  }

  /// True when a flag in static storage lets part of the function run once.
  [[nodiscard]] bool has_once_flag(const FunctionFacts& facts) const {
    if (facts.calls_to("__cxa_guard_acquire")) return true;
    for (const Access& access : facts.accesses) {
      const bool sets = access.is_static && access.is_written && !access.is_adjustment &&
                        !(access.value.is(Value::Kind::constants) && access.value.numbers.contains(0)) &&
                        !access.value.is(Value::Kind::parameter);
      if (!sets || reset_.contains(access.place)) continue;
      for (const Comparison& comparison : facts.comparisons)
        if (comparison.left.is(Value::Kind::loaded) && comparison.left.name == access.place &&
            comparison.right.is_constant(0) && !keeps_first(facts, access))
          return true;
    }
    return false;
  }

  /// It made, once, an object or a value that static storage holds.
  [[nodiscard]] bool made_static_state(const FunctionPair& pair) const {
    for (const std::string& name : names_of(pair.before->name))
      if (const auto callers = unit_->before.callers.find(name);
          callers != unit_->before.callers.end() && is_called_once(name, callers->second))
        return true;
    return false;
  }

  /// A constructor has a second name, for complete objects.
  static std::vector<std::string> names_of(const std::string& symbol) {
    std::vector<std::string> names = {symbol};
    if (const std::size_t at = symbol.rfind("C2E"); at != std::string::npos && symbol.starts_with("_Z"))
      names.push_back(std::string(symbol).replace(at, 3, "C1E"));
    return names;
  }

  [[nodiscard]] bool is_called_once(const std::string& name, const std::vector<std::string>& callers) const {
    return std::ranges::any_of(callers, [&](const std::string& caller) {
      const FunctionFacts* facts = unit_->before.find(caller);
      if (facts == nullptr || (!has_once_flag(*facts) && !is_constructor(caller))) return false;
      const bool makes = std::ranges::any_of(facts->calls, [&](const Call& call) {
        const Value& object = call.arguments[0];
        return call.name == name && object.is(Value::Kind::address) && is_variable(object.name);
      });
      return makes || std::ranges::any_of(facts->accesses, [&](const Access& access) {
               return access.is_static && access.is_written && access.value.is(Value::Kind::result) &&
                      access.value.name == name;
             });
    });
  }

  [[nodiscard]] bool is_variable(const std::string& name) const {
    return !name.starts_with('"') && !name.starts_with('*') && unit_->before.find(name) == nullptr;
  }

  void check_made_once(const FunctionPair& pair) {
    if (is_library_code(pair.name()) || !made_static_state(pair)) return;
    report(pair, "ran-already", "made, once, what static storage holds",
           "the object that exists was made by the old code",
           "set what is missing from a hook, or acknowledge that it is not needed");
  }

  /// The calls that hand a function of the unit to others, with what else they hand over.
  [[nodiscard]] static std::multiset<std::string> registrations(const Side& side,
                                                                const FunctionFacts& facts) {
    std::multiset<std::string> all;
    for (const Call& call : facts.calls) {
      if (is_search(plain_name(call.name)) || side.find(call.name) != nullptr) continue;
      const bool gives = std::ranges::any_of(call.arguments, [&](const Value& argument) {
        return argument.is(Value::Kind::address) && side.find(argument.name) != nullptr &&
               !facts.compared.contains(argument.name);
      });
      std::string text = call.name;
      for (const Value& argument : call.arguments)
        if (argument.is(Value::Kind::address) || argument.is(Value::Kind::constants))
          text += " " + argument.text();
      if (gives) all.insert(std::move(text));
    }
    return all;
  }

  void check_registrations(const FunctionPair& pair) {
    if (registrations(unit_->before, *pair.before) == registrations(unit_->after, *pair.after)) return;
    report(pair, "ran-already", "registers functions with others, and does it in another way now",
           "what is registered stays as the old code registered it",
           "register what is missing from a hook, or acknowledge that it is not needed");
  }

  void check_once(const FunctionPair& pair) {
    if (!has_once_flag(*pair.before)) return;
    if (static_effects(*pair.before) == static_effects(*pair.after) && !fills_memory(*pair.before)) return;
    report(pair, "ran-already", "has a part that runs once, and the state it leaves changed",
           "that part has run already, and left the old state",
           "set the new state from a hook, or acknowledge that it is not needed");
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
  std::set<std::string> reset_;  ///< static storage that the old unit sets to zero
};

}  // namespace

void report_control(const ReviewedUnit& unit, Findings& findings) { ControlRules(unit, findings).run(); }

}  // namespace stent::review
