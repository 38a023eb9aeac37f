#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "create/review/code_rules.hpp"
#include "create/review/names.hpp"
#include "create/review/texts.hpp"

namespace stent::review {
namespace {

using Numbers = std::set<std::int64_t>;
/// By the offset of a member: the numbers that a function stores there, or adds as bits.
using StoredNumbers = std::map<std::int64_t, Numbers>;

/// "{3}" and "(*p0+8 or {3})" -> 3.
Numbers numbers_in(const std::string& stored) {
  Numbers all;
  for (const std::string& text : alternatives(stored)) {
    const std::size_t brace = text.rfind('{');
    const bool is_whole = brace == 0;
    const bool adds_bits = brace != std::string::npos && brace >= 3 &&
                           text.compare(brace - 3, 3, "or ") == 0 && text.ends_with("})");
    if (is_whole || adds_bits) all.insert(std::atoll(text.c_str() + brace + 1));
  }
  return all;
}

/// Only those of `size` bytes, when that is given.
StoredNumbers stored_numbers(const FunctionFacts& facts, std::optional<unsigned> size = std::nullopt) {
  StoredNumbers all;
  for (const Access& access : facts.accesses)
    if (access.is_written && !access.is_static && !access.is_adjustment &&
        access.size == size.value_or(access.size))
      all[access.offset].merge(numbers_in(access.stored));
  return all;
}

/// The bytes in which the number is stored there; nothing where it is not.
std::optional<unsigned> size_of(const FunctionFacts& facts, std::int64_t offset, std::int64_t number) {
  for (const Access& access : facts.accesses)
    if (access.is_written && !access.is_static && !access.is_adjustment && access.offset == offset &&
        numbers_in(access.stored).contains(number))
      return access.size;
  return std::nullopt;
}

/// One of `numbers` is what is asked for.
bool answers(const Numbers& numbers, const Asked& asked) {
  return std::ranges::any_of(numbers, [&](std::int64_t number) {
    return asked.is_mask ? (number & asked.number) != 0 && number > 0 : number == asked.number;
  });
}

class NewStateRules {
 public:
  NewStateRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {
    for (const auto& [name, facts] : unit.before.facts) {
      known_questions_.insert(facts.asked.begin(), facts.asked.end());
      for (auto& [offset, numbers] : stored_numbers(facts)) known_[offset].merge(Numbers(numbers));
    }
  }

  void run() {
    for (const FunctionPair& writer : unit_->changed) {
      const StoredNumbers stored = stored_numbers(*writer.after);
      for (const FunctionPair& reader : unit_->changed)
        if (reader.after != writer.after) compare(writer, stored, *reader.after);
      for (const FunctionFacts* reader : unit_->added) compare(writer, stored, *reader);
    }
    for (const FunctionPair& reader : unit_->changed) check_marks(reader);
  }

 private:
  /// No code of the new unit stores the number there, in so many bytes, or asks for it.
  [[nodiscard]] bool is_forgotten(const Asked& asked, unsigned size) const {
    return std::ranges::none_of(unit_->after.facts, [&](const auto& entry) {
      if (is_library_code(entry.first)) return false;  // objects of its own
      const StoredNumbers stored = stored_numbers(entry.second, size);
      const auto at = stored.find(asked.offset);
      return entry.second.asked.contains(asked) || (at != stored.end() && at->second.contains(asked.number));
    });
  }

  /// Some function left the mark, which nobody knows any more, and leaves another one now.
  [[nodiscard]] const FunctionPair* leaves_another(const Asked& asked, std::int64_t number) const {
    const auto found = std::ranges::find_if(unit_->changed, [&](const FunctionPair& pair) {
      const auto size = size_of(*pair.before, asked.offset, asked.number);
      return size && size_of(*pair.after, asked.offset, number) && is_forgotten(asked, *size);
    });
    return found == unit_->changed.end() ? nullptr : &*found;
  }

  /// It asks for another number than the one by which the old code marked objects.
  void check_marks(const FunctionPair& reader) {
    for (const Asked& asked : without(reader.before->asked, reader.after->asked)) {
      if (asked.is_mask || asked.number == 0) continue;
      for (const Asked& now : without(reader.after->asked, reader.before->asked)) {
        if (now.offset != asked.offset || now.is_mask) continue;
        const FunctionPair* writer = leaves_another(asked, now.number);
        if (writer == nullptr) continue;
        Finding finding = about(reader, Level::review, "new-state");
        finding.message =
            fmt::format("{}: it asks byte {} of an object for {} where it asked for {}, which {} stored",
                        reader.name(), asked.offset, now.number, asked.number, writer->name());
        finding.why = "objects that exist hold the old number";
        finding.remedy = "take the old number for what it meant, too, or keep it";
        finding.functions.push_back(writer->name());
        findings_->add(reader.name(), std::move(finding));
      }
    }
  }

  void compare(const FunctionPair& writer, const StoredNumbers& stored, const FunctionFacts& reader) {
    for (const Asked& asked : reader.asked) {
      const auto now = stored.find(asked.offset);
      if (asked.number == 0 || known_questions_.contains(asked) || now == stored.end() ||
          !answers(now->second, asked))
        continue;
      const auto before = known_.find(asked.offset);
      if (before != known_.end() && answers(before->second, asked)) continue;
      Finding finding = about(writer, Level::review, "new-state");
      finding.message =
          fmt::format("{}: it sets {} in byte {} of an object, which {} asks for, and nothing did before",
                      writer.name(), asked.number, asked.offset, reader.name);
      finding.why = "objects that exist were made by the old code, which never set it";
      finding.remedy = "treat objects without it as the old code did, or set it from a hook";
      finding.functions.push_back(reader.name);
      findings_->add(writer.name(), std::move(finding));
    }
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
  std::set<Asked> known_questions_;  ///< of the old unit
  StoredNumbers known_;
};

}  // namespace

void report_new_states(const ReviewedUnit& unit, Findings& findings) { NewStateRules(unit, findings).run(); }

}  // namespace stent::review
