#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "create/review/code_rules.hpp"
#include "create/review/names.hpp"
#include "create/review/step_order.hpp"
#include "create/review/texts.hpp"

namespace stent::review {
namespace {

using dwarf::TypeKind;

/// A container of the library that finds things by a key; also where that is done for each of its kinds.
bool is_keyed(const std::string& symbol) {
  return is_container(symbol) || symbol.find("_Map_base") != std::string::npos;
}

/// Makes a place for a key that was not there.
bool inserts(const std::string& symbol) {
  if (!is_keyed(symbol)) return false;
  return std::ranges::any_of(std::initializer_list<const char*>{"_Map_base", "emplace", "insert", "Insert"},
                             [&](const char* part) { return symbol.find(part) != std::string::npos; });
}

std::set<std::pair<std::string, std::string>> questions(const FunctionFacts& facts) {
  std::set<std::pair<std::string, std::string>> all;
  for (const Comparison& one : facts.comparisons) all.emplace(one.left.text(), one.right.text());
  return all;
}

/// Asks for nothing more than it did, or computes something no longer: it does other than leave early.
bool does_otherwise(const FunctionPair& pair) {
  const FunctionFacts &before = *pair.before, &after = *pair.after;
  return after.comparisons.size() <= before.comparisons.size() ||
         std::ranges::includes(questions(before), questions(after)) ||
         !std::ranges::includes(after.arithmetic, before.arithmetic);
}

/// Shifts and multiplies in another way.
bool mixes_otherwise(const FunctionPair& pair) {
  return mixing_steps(*pair.before) != mixing_steps(*pair.after);
}

std::ptrdiff_t count_of_stores(const FunctionFacts& facts) {
  return std::ranges::count_if(facts.accesses, [](const Access& access) { return access.is_written; });
}

/// Bytes and keys that outlive the call, and the functions of the unit that make them and take them apart.
class EncodingRules {
 public:
  EncodingRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {}

  void run() {
    check_codecs();
    for (const FunctionPair& pair : unit_->changed) {
      if (is_library_code(pair.name())) continue;
      check_keys(pair);
      check_key_maker(pair);
    }
  }

 private:
  /// The type of a string, a vector or bytes to which the parameter leads; 0 for everything else.
  [[nodiscard]] std::uint32_t bytes_of(const dwarf::Parameter& parameter) const {
    const dwarf::DebugInfo& info = unit_->after.debug;
    const dwarf::Type& pointer = info[parameter.type];
    if (pointer.kind != TypeKind::pointer && pointer.kind != TypeKind::reference) return 0;
    const dwarf::Type& to = info[pointer.target];
    const bool is_container = to.name.find("basic_string<") != std::string::npos ||
                              to.name.starts_with("std::vector<") || to.name == "std::string";
    const bool is_byte = to.kind == TypeKind::base && to.size == 1;
    return is_container || is_byte ? pointer.target.value : 0;
  }

  [[nodiscard]] bool is_number(dwarf::TypeId id) const {
    const dwarf::Type& type = unit_->after.debug[id];
    return type.kind == TypeKind::base || type.kind == TypeKind::enumeration;
  }

  /// By what is appended to or parsed: functions of the unit that put a number there, or get one from there.
  using Codec = std::pair<const dwarf::Function*, std::uint32_t>;
  [[nodiscard]] std::vector<Codec> codecs(bool puts) const {
    std::vector<Codec> all;
    for (const dwarf::Function& function : unit_->after.debug.functions) {
      if (function.is_declaration || !is_in_source(unit_->after.debug, function.place)) continue;
      const bool has_number = std::ranges::any_of(
          function.parameters, [&](const dwarf::Parameter& one) { return is_number(one.type); });
      const bool gives_number = is_number(function.result);
      if (puts ? gives_number || !has_number : !gives_number) continue;
      for (const dwarf::Parameter& parameter : function.parameters)
        if (const std::uint32_t type = bytes_of(parameter); type != 0 && parameter.points_to_const != puts)
          all.emplace_back(&function, type);
    }
    return all;
  }

  static bool uses(const FunctionPair& pair, const dwarf::Function& codec) {
    if (pair.name() == codec.linkage_name || pair.after->calls_to(codec.linkage_name)) return true;
    return pair.new_declaration != nullptr &&
           std::ranges::any_of(pair.new_declaration->inlined, [&](const dwarf::InlinedCall& call) {
             return call.name == codec.name || call.name == codec.linkage_name;
           });
  }

  /// What puts numbers among bytes changed, or what it is given, and so did what gets them from there.
  void check_codecs() {
    const std::vector<Codec> puts = codecs(true), gets = codecs(false);
    for (const auto& [put, to] : puts)
      for (const auto& [get, from] : gets)
        if (to == from) check_codec(*put, *get);
  }

  static bool differs(const FunctionPair& pair, const dwarf::Function& codec) {
    return does_otherwise(pair) || (pair.name() == codec.linkage_name && mixes_otherwise(pair));
  }

  void check_codec(const dwarf::Function& put, const dwarf::Function& get) {
    for (const FunctionPair& writer : unit_->changed)
      for (const FunctionPair& reader : unit_->changed) {
        const bool fits = writer.after != reader.after && uses(writer, put) && uses(reader, get) &&
                          differs(writer, put) && differs(reader, get);
        if (!fits) continue;
        Finding finding = about(writer, Level::review, "stored-value");
        finding.message = fmt::format(
            "{}: it stores bytes by {} in another way, and {} gets them by {} in "
            "another way",
            writer.name(), put.name, reader.name(), get.name);
        finding.why = "bytes that exist stand as the old code put them";
        finding.remedy = "read what exists as the old code did";
        finding.functions.push_back(reader.name());
        findings_->add(writer.name(), std::move(finding));
      }
  }

  struct Keys {
    Texts texts;
    bool has_insertion = false;
  };

  /// By the container: what it is asked for. Containers of the call itself are left out.
  static std::map<std::string, Keys> keys(const FunctionFacts& facts) {
    std::map<std::string, Keys> all;
    for (const Call& call : facts.calls) {
      const std::string container = call.arguments[0].text();
      if (!is_keyed(call.name) || container.empty() || call.arguments[0].is(Value::Kind::stack)) continue;
      if (const std::string key = call.arguments[1].text(); !key.empty()) all[container].texts.insert(key);
      all[container].has_insertion |= inserts(call.name);
    }
    return all;
  }

  /// What it was given was the key, and what it makes of that is the key now.
  void check_keys(const FunctionPair& pair) {
    const auto olds = keys(*pair.before), news = keys(*pair.after);
    const auto is_given = [](const std::string& text) { return text.starts_with('p'); };
    for (const auto& [container, before] : olds) {
      const auto after = news.find(container);
      if (after == news.end() || !before.has_insertion || !after->second.has_insertion) continue;
      const Texts lost = without(before.texts, after->second.texts);
      const Texts gained = without(after->second.texts, before.texts);
      const bool was_given = std::ranges::any_of(lost, is_given), is_made = gained.contains("stack");
      const bool is_now_given = std::ranges::any_of(gained, is_given), was_made = lost.contains("stack");
      if ((was_given && is_made) || (is_now_given && was_made)) report_order(pair, pair.name());
    }
  }

  void report_order(const FunctionPair& pair, const std::string& name) {
    findings_->add(pair.name(), about_order(pair, name));
  }

  static bool asks_keyed(const FunctionFacts& facts) {
    return std::ranges::any_of(facts.calls, [](const Call& call) {
      return is_keyed(call.name) && !call.arguments[0].is(Value::Kind::stack);
    });
  }

  static bool files_keyed(const FunctionFacts& facts) {
    return std::ranges::any_of(facts.calls, [](const Call& call) {
      return inserts(call.name) && !call.arguments[0].is(Value::Kind::stack);
    });
  }

  /// What it returns, one function files by, and another one looks for; and it makes something else of what
  /// it is given now.
  void check_key_maker(const FunctionPair& pair) {
    if (pair.old_declaration == nullptr || count_of_stores(*pair.before) == count_of_stores(*pair.after))
      return;
    const dwarf::Type& result = unit_->before.debug[pair.old_declaration->result];
    if (result.kind != TypeKind::structure || !result.name.starts_with("std::")) return;
    const FunctionFacts* filer = nullptr;
    for (const auto& [name, facts] : unit_->after.facts)
      if (facts.calls_to(pair.name()) && files_keyed(facts)) filer = &facts;
    if (filer == nullptr) return;
    for (const auto& [name, facts] : unit_->after.facts)
      if (&facts != filer && facts.calls_to(pair.name()) && asks_keyed(facts))
        report_order(pair, pair.name());
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
};

}  // namespace

void report_encodings(const ReviewedUnit& unit, Findings& findings) { EncodingRules(unit, findings).run(); }

}  // namespace stent::review
