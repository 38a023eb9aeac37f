#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "create/review/code_rules.hpp"
#include "create/review/constants_used.hpp"

namespace stent::review {
namespace {

/// Places that a function stores to, or reads.
std::set<std::string> places(const FunctionFacts& facts, bool written) {
  std::set<std::string> found;
  for (const Access& access : facts.accesses)
    if (written ? access.is_written : access.is_read) {
      const std::size_t sign = access.place.find_last_of("+-");
      found.insert(access.is_static || sign == std::string::npos ? access.place : access.place.substr(sign));
    }
  return found;
}

bool writes_what_the_other_reads(const FunctionPair& writer, const FunctionPair& reader) {
  const std::set<std::string> read = places(*reader.after, false);
  return std::ranges::any_of(places(*writer.after, true),
                             [&](const std::string& place) { return read.contains(place); });
}

class UnitRules {
 public:
  UnitRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {}

  void run() {
    check_new_units();
    check_lost_units();
    check_byte_order();
  }

 private:
  void report(const FunctionPair& pair, const std::string& what, const char* why) {
    Finding finding = about(pair, Level::review, "stored-value");
    finding.message = pair.name() + ": " + what;
    finding.why = why;
    finding.remedy = "treat what exists as the old code did";
    findings_->add(pair.name(), std::move(finding));
  }

  /// By the number: the changed functions that compute with it in `facts` and do not know it in `other`.
  using ByNumber = std::map<std::int64_t, std::vector<const FunctionPair*>>;
  [[nodiscard]] ByNumber computed_only_in(const FunctionFacts* FunctionPair::*facts,
                                          const FunctionFacts* FunctionPair::*other) const {
    ByNumber all;
    for (const FunctionPair& pair : unit_->changed) {
      const Numbers known = used(*(pair.*other));
      for (const auto& [use, number] : computed_constants(*(pair.*facts)))
        if (const std::int64_t size = magnitude(use, number); size > 1 && !known.contains(size))
          if (auto& with = all[size]; with.empty() || with.back() != &pair) with.push_back(&pair);
    }
    return all;
  }

  /// One stored with a factor, and what another reads there was meant so: neither knows the factor now.
  void check_lost_units() {
    constexpr std::int64_t least = 16;
    for (const auto& [number, pairs] : computed_only_in(&FunctionPair::before, &FunctionPair::after))
      for (const FunctionPair* writer : pairs)
        for (const FunctionPair* reader : pairs)
          if (writer != reader && number >= least && writer->before->factors.contains(number) &&
              reader->before->factors.contains(number) && !unit_->sorts_only_locals(writer->before->name) &&
              writes_what_the_other_reads(*writer, *reader))
            report(*writer,
                   fmt::format("it stored values computed with {}, as {} took them, and both do so no longer",
                               number, reader->name()),
                   "values that exist were stored with it");
  }

  /// One stores with a factor, a mask or an offset that is new, and another reads with the same one.
  void check_new_units() {
    const ByNumber gained = computed_only_in(&FunctionPair::after, &FunctionPair::before);
    constexpr std::int64_t packed = 8;  // a shift, factor or mask by which a value is taken apart
    for (const auto& [number, pairs] : gained)
      for (const FunctionPair* writer : pairs)
        for (const FunctionPair* reader : pairs)
          if (writer != reader && !holds_inside(*writer->after, number) &&
              !is_only_place(*writer->after, *reader->after, number) &&
              !unit_->sorts_only_locals(writer->before->name) &&
              !unit_->sorts_only_locals(reader->before->name) &&
              (number >= packed || writes_what_the_other_reads(*writer, *reader)))
            report(
                *writer,
                fmt::format("it stores values computed with {}, as {} expects now", number, reader->name()),
                "values that exist were stored without");
  }

  /// Where an array stands in an object: nothing is computed with it but addresses.
  [[nodiscard]] bool is_only_place(const FunctionFacts& a, const FunctionFacts& b,
                                   std::int64_t number) const {
    const auto computes = [&](const FunctionFacts& facts) {
      const bool in_register = std::ranges::any_of(facts.arithmetic, [&](const std::string& text) {
        const std::size_t space = text.find(' ');
        return space != std::string::npos && std::abs(std::atoll(text.c_str() + space)) == number;
      });
      return in_register || facts.factors.contains(number) || facts.factors.contains(-number) ||
             std::ranges::any_of(facts.constants, [&](const auto& constant) {
               return constant.first == Use::shifted && magnitude(constant.first, constant.second) == number;
             });
    };
    const dwarf::DebugInfo& info = unit_->before.debug;
    const bool is_place = std::ranges::any_of(info.types, [&](const dwarf::Type& type) {
      return std::ranges::any_of(type.members, [&](const dwarf::Member& member) {
        return std::cmp_equal(member.bit_offset, number * 8) &&
               info[member.type].kind == dwarf::TypeKind::array;
      });
    });
    return is_place && !computes(a) && !computes(b);
  }

  /// A mask that only holds an index inside an array that has so many elements.
  [[nodiscard]] bool holds_inside(const FunctionFacts& facts, std::int64_t mask) const {
    const std::string text = fmt::format("and {{{}}})", mask);
    const auto bounds = [&](const dwarf::Type& type) {
      return type.kind == dwarf::TypeKind::array && !type.bounds.empty() &&
             std::cmp_equal(type.bounds.front(), mask + 1);
    };
    return (mask & (mask + 1)) == 0 &&
           std::ranges::any_of(facts.accesses,
                               [&](const Access& access) { return access.index.ends_with(text); }) &&
           std::ranges::none_of(
               facts.accesses,
               [&](const Access& access) { return access.stored.find(text) != std::string::npos; }) &&
           std::ranges::any_of(unit_->before.debug.types, bounds);
  }

  /// One swaps bytes no longer, and another does newly: what the first left is the other way round.
  void check_byte_order() {
    for (const FunctionPair& less : unit_->changed)
      for (const FunctionPair& more : unit_->changed)
        if (less.before->byte_swaps > less.after->byte_swaps &&
            (more.before->byte_swaps < more.after->byte_swaps ||
             (less.after != more.after && more.before->byte_swaps > 0 &&
              more.before->byte_swaps == more.after->byte_swaps && writes_what_the_other_reads(more, less))))
          report(less, fmt::format("it swaps bytes less often, and {} does so in another way", more.name()),
                 "values that exist have their bytes in the old order");
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
};

}  // namespace

void report_units(const ReviewedUnit& unit, Findings& findings) { UnitRules(unit, findings).run(); }

}  // namespace stent::review
