#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "create/review/code_rules.hpp"
#include "create/review/names.hpp"
#include "create/review/step_order.hpp"
#include "create/review/texts.hpp"

namespace stent::review {
namespace {

/// What is in `a` more often than in `b`.
template <class Element>
std::multiset<Element> surplus(const std::multiset<Element>& a, const std::multiset<Element>& b) {
  std::multiset<Element> rest;
  std::ranges::set_difference(a, b, std::inserter(rest, rest.end()));
  return rest;
}

template <class Element>
std::multiset<Element> common(const std::multiset<Element>& a, const std::multiset<Element>& b) {
  std::multiset<Element> both;
  std::ranges::set_intersection(a, b, std::inserter(both, both.end()));
  return both;
}

bool writes(const FunctionFacts& facts) {
  return std::ranges::any_of(facts.accesses, [](const Access& access) { return access.is_written; });
}

/// A member by its offset alone, whatever leads to the object; a variable by its name.
std::string part_of(const Access& access) {
  return access.is_static ? access.place : fmt::format("*{:+}", access.offset);
}

/// Parts of memory of others that may hold floating-point values, and are written, or only read.
std::set<std::string> float_parts(const FunctionFacts& facts, bool written) {
  std::set<std::string> all;
  for (const Access& access : facts.accesses) {
    const bool may_be = (access.size == 4 || access.size == 8) && access.stored.empty() &&
                        !access.is_adjustment && !access.place.starts_with(".rodata");
    if (may_be && (written ? access.is_written : access.is_read && !access.is_written))
      all.insert(part_of(access));
  }
  return all;
}

int more_scales(const FunctionPair& pair) {
  return static_cast<int>(pair.after->float_scales) - static_cast<int>(pair.before->float_scales);
}

int more_swaps(const FunctionPair& pair) {
  return static_cast<int>(pair.after->byte_swaps) - static_cast<int>(pair.before->byte_swaps);
}

/// One of the two is the other and something more: "time()" and "(*p0+8 + time())".
bool is_moved(const std::string& a, const std::string& b) {
  const auto has = [](const std::string& sum, const std::string& term) {
    const bool is_sum =
        sum.find(" + ") != std::string::npos || sum.find(" - ") != std::string::npos || sum.starts_with("&*");
    return is_sum && sum.size() > term.size() && !term.starts_with('{') &&
           sum.find(term) != std::string::npos;
  };
  return has(a, b) || has(b, a);
}

/// One function stores by another rule, and another one takes what is stored by the rule that fits.
class BothSidesRules {
 public:
  BothSidesRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {}

  void run() {
    for (const FunctionPair& writer : unit_->changed) {
      if (is_library_code(writer.name()) || unit_->sorts_only_locals(writer.before->name)) continue;
      check_sense(writer);
      const bool stores = writes(*writer.before) && writes(*writer.after);
      for (const FunctionPair& reader : unit_->changed) {
        if (&reader == &writer || is_library_code(reader.name())) continue;
        check_moved_constant(writer, reader);
        if (!stores) continue;
        check_moved_base(writer, reader);
        check_scales(writer, reader);
        check_float_constants(writer, reader);
        check_mixing(writer, reader);
        check_byte_order(writer, reader);
      }
    }
  }

 private:
  void report(const FunctionPair& pair, const std::string& what, const FunctionPair& other) {
    Finding finding = about(pair, Level::review, "stored-value");
    finding.message = pair.name() + ": " + what;
    finding.why = "what exists was stored by the old rule, and is taken by the new one";
    finding.remedy = "take what exists as the old code did, or bring it up to date from a hook";
    finding.functions.push_back(other.name());
    findings_->add(pair.name(), std::move(finding));
  }

  /// What is known of the stores to a member of any object; nothing when one of them is not known.
  static Texts stored_at(const FunctionFacts& facts, std::int64_t offset) {
    Texts all;
    for (const Access& access : facts.accesses) {
      if (!access.is_written || access.is_static || access.offset != offset) continue;
      const Texts texts = meanings(access.stored);
      if (texts.empty()) return {};
      all.insert(texts.begin(), texts.end());
    }
    return all;
  }

  /// Something is added to a member, or taken off, by the one that reads it in place of the one that stores
  /// it.
  void check_moved_base(const FunctionPair& writer, const FunctionPair& reader) {
    const auto &was = reader.before->combined, &is = reader.after->combined;
    std::set<Combined> changed;
    std::ranges::set_symmetric_difference(was, is, std::inserter(changed, changed.end()));
    for (const Combined& one : changed) {
      if (one.sign != '+' && one.sign != '-') continue;
      const Texts olds = stored_at(*writer.before, one.offset), news = stored_at(*writer.after, one.offset);
      const Texts lost = without(olds, news), gained = without(news, olds);
      const bool moves = std::ranges::any_of(lost, [&](const std::string& a) {
        return std::ranges::any_of(gained, [&](const std::string& b) { return is_moved(a, b); });
      });
      if (moves)
        report(
            writer,
            fmt::format("it stores [{}] in byte {} of an object where it stored [{}], and {} computes with "
                        "that in another way",
                        fmt::join(gained, ", "), one.offset, fmt::join(lost, ", "), reader.name()),
            reader);
    }
  }

  /// The number, or one beside it: "less than n + 1" is "not more than n".
  static bool computes_with(const FunctionFacts& facts, std::int64_t number) {
    return std::ranges::any_of(std::initializer_list<std::int64_t>{-1, 0, 1}, [&](std::int64_t beside) {
      return facts.constants.contains({Use::computed, number + beside}) ||
             facts.constants.contains({Use::computed, -number - beside});
    });
  }

  /// A constant that one function adds no longer, and the other adds to what it loads now; or the reverse.
  void check_moved_constant(const FunctionPair& writer, const FunctionPair& reader) {
    constexpr std::int64_t least = 16;
    for (const bool newly : {true, false}) {
      const FunctionFacts& has = newly ? *reader.after : *reader.before;
      const FunctionFacts& has_not = newly ? *reader.before : *reader.after;
      for (const Taken& taken : without(has.taken, has_not.taken)) {
        const bool is_followed = has.taken.contains({taken.place, taken.offset, '@', 0, taken.size});
        if (taken.operation != '+' || std::abs(taken.number) < least || is_followed) continue;
        const FunctionFacts& had = newly ? *writer.before : *writer.after;
        const FunctionFacts& had_not = newly ? *writer.after : *writer.before;
        if (computes_with(had, taken.number) && !computes_with(had_not, taken.number))
          report(writer,
                 fmt::format("it computes with {} {}, and {} adds that to what it loads {}", taken.number,
                             newly ? "no longer" : "now", reader.name(), newly ? "now" : "no longer"),
                 reader);
      }
    }
  }

  /// Both multiply or divide floating-point values more than before, or both less, around what one stores and
  /// the other reads. A limit compares.
  void check_scales(const FunctionPair& writer, const FunctionPair& reader) {
    if (more_scales(writer) * more_scales(reader) <= 0 ||
        writer.before->float_comparisons != writer.after->float_comparisons)
      return;
    const std::set<std::string> written = float_parts(*writer.before, true);
    for (const std::string& part : written)
      if (float_parts(*writer.after, true).contains(part) &&
          float_parts(*reader.before, false).contains(part) &&
          float_parts(*reader.after, false).contains(part))
        return report(
            writer,
            fmt::format("it makes the floating-point value that it stores in {} in another way, and {} "
                        "takes it in another way",
                        part, reader.name()),
            reader);
  }

  /// Both computed with one floating-point literal, and both compute with the same other one now.
  void check_float_constants(const FunctionPair& writer, const FunctionPair& reader) {
    const auto lost = common(surplus(writer.before->float_constants, writer.after->float_constants),
                             surplus(reader.before->float_constants, reader.after->float_constants));
    const auto gained = common(surplus(writer.after->float_constants, writer.before->float_constants),
                               surplus(reader.after->float_constants, reader.before->float_constants));
    if (!lost.empty() && !gained.empty())
      report(writer,
             fmt::format("it computes with another floating-point constant, and so does {}", reader.name()),
             reader);
  }

  /// Both mix one more thing into what they compute: a sum that is stored, and made again to compare.
  void check_mixing(const FunctionPair& writer, const FunctionPair& reader) {
    const auto unchanged = [](const FunctionPair& pair) {
      return pair.before->comparisons.size() == pair.after->comparisons.size();
    };
    if (!unchanged(writer) || !unchanged(reader)) return;
    const auto differ = [](const FunctionPair& pair, bool more) {
      const auto olds = mixing_steps(*pair.before), news = mixing_steps(*pair.after);
      return more ? surplus(news, olds) : surplus(olds, news);
    };
    for (const bool more : {true, false})
      if (const auto steps = differ(writer, more); steps.size() >= 2 && steps == differ(reader, more))
        return report(writer,
                      fmt::format("it mixes {} values into what it computes, as {} does now",
                                  more ? "more" : "fewer", reader.name()),
                      reader);
  }

  static std::set<std::string> parts(const FunctionFacts& facts, bool written) {
    std::set<std::string> all;
    for (const Access& access : facts.accesses)
      if (written ? access.is_written : access.is_read) all.insert(part_of(access));
    return all;
  }

  /// Both swap bytes more often, or both less: of what one files and the other looks for.
  void check_byte_order(const FunctionPair& writer, const FunctionPair& reader) {
    if (more_swaps(writer) * more_swaps(reader) <= 0) return;
    const auto read = parts(*reader.after, false);
    if (std::ranges::any_of(parts(*writer.after, true),
                            [&](const std::string& part) { return read.contains(part); }))
      report(writer,
             fmt::format("it swaps bytes {} often, and so does {}, which reads what it stores",
                         more_swaps(writer) > 0 ? "more" : "less", reader.name()),
             reader);
  }

  /// Puts a thing into a list, or a pointer to it somewhere.
  static bool files(const FunctionFacts& facts) {
    return facts.has_loop && std::ranges::any_of(facts.accesses, [](const Access& access) {
             return access.is_written && !access.is_static && access.size == sizeof(void*) &&
                    (access.value.is(Value::Kind::parameter) || access.value.is(Value::Kind::result));
           });
  }

  /// The loop that looks for the place of what is put in stops where it went on.
  void check_sense(const FunctionPair& pair) {
    if (!files(*pair.before) || !files(*pair.after)) return;
    if (pair.before->senses.size() != pair.after->senses.size()) return;
    const auto lost = surplus(pair.before->senses, pair.after->senses);
    const auto gained = surplus(pair.after->senses, pair.before->senses);
    for (const Sense& was : lost)
      for (const Sense& is : gained)
        if (was.offset == is.offset) findings_->add(pair.name(), about_order(pair, pair.name()));
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
};

}  // namespace

void report_both_sides(const ReviewedUnit& unit, Findings& findings) { BothSidesRules(unit, findings).run(); }

}  // namespace stent::review
