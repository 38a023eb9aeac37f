#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "create/review/code_rules.hpp"
#include "create/review/texts.hpp"

namespace stent::review {
namespace {

/// In static storage, or in objects behind any pointer ("*").
using Place = std::pair<std::string, std::int64_t>;
using Takings = std::set<Taken>;

/// Moves the whole: one more or less of everything, or its complement.
bool moves(const Taken& taken) { return taken.operation == '+' || taken.operation == '~'; }

/// Only followed, as pointers are.
bool follows(const Taken& taken) { return taken.operation == '@'; }

std::set<Place> places(const Takings& takings, bool moved) {
  std::set<Place> all;
  for (const Taken& taken : takings)
    if (!follows(taken) && moves(taken) == moved) all.insert({taken.place, taken.offset});
  return all;
}

std::set<unsigned> sizes_at(const Takings& takings, const Place& place) {
  std::set<unsigned> all;
  for (const Taken& taken : takings)
    if (Place{taken.place, taken.offset} == place) all.insert(taken.size);
  return all;
}

/// A text, and the constant that is added to it: "&*p3+1" is p3 and 1, "(a + b + {2})" is (a + b) and 2.
std::pair<std::string, std::int64_t> without_constant(const std::string& text) {
  if (const std::size_t sign = text.find_last_of("+-");
      text.starts_with("&*") && sign != std::string::npos && text.find_first_of(" |") == std::string::npos)
    return {text.substr(2, sign - 2), std::atoll(text.c_str() + sign)};
  const std::size_t last = text.rfind(" + {");
  const bool is_sum = text.starts_with('(') && last != std::string::npos && text.ends_with("})") &&
                      text.find('}', last) + 2 == text.size();
  if (!is_sum) return {text, 0};
  std::string rest = text.substr(1, last - 1);
  if (rest.find(" + ") != std::string::npos) rest = "(" + rest + ")";
  return {std::move(rest), std::atoll(text.c_str() + last + 4)};
}

class TakenRules {
 public:
  TakenRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {}

  void run() {
    for (const FunctionPair& reader : unit_->changed) {
      const Takings lost = without(reader.before->taken, reader.after->taken);
      const Takings gained = without(reader.after->taken, reader.before->taken);
      for (const FunctionPair& writer : unit_->changed) {
        check_apart(reader, writer, lost, gained);
        check_slid(reader, writer, lost, gained);
        if (&writer == &reader) continue;
        check_bits(reader, writer, lost, gained);
        check_moved(reader, writer, lost, gained);
        check_moved_back(reader, writer, lost, gained);
        check_walk(reader, writer);
      }
    }
  }

 private:
  void report(const FunctionPair& pair, const std::string& what) {
    Finding finding = about(pair, Level::review, "stored-value");
    finding.message = pair.name() + ": " + what;
    finding.why = "what exists was stored by the old rule, and is taken by the new one";
    finding.remedy = "take what exists as the old code did, or bring it up to date from a hook";
    findings_->add(pair.name(), std::move(finding));
  }

  static std::string text_of(const Place& place) {
    return place.first == "*" ? fmt::format("byte {} of an object", place.second)
                              : fmt::format("{}{:+}", place.first, place.second);
  }

  /// What a function stores at the place; an empty text where that is not known.
  static Texts stored_at(const FunctionFacts& facts, const Place& place) {
    Texts all;
    for (const Access& access : facts.accesses) {
      if (!access.is_written || access.is_static != (place.first != "*")) continue;
      const bool is_there =
          access.offset == place.second && (place.first == "*" || access.place.starts_with(place.first));
      if (!is_there) continue;
      const Texts texts = meanings(access.stored);
      all.insert(texts.begin(), texts.end());
      if (texts.empty()) all.insert("");
    }
    return all;
  }

  /// It stores something else there now, or what it stores is not known.
  static bool stores_otherwise(const FunctionPair& writer, const Place& place) {
    const Texts olds = stored_at(*writer.before, place), news = stored_at(*writer.after, place);
    if (olds.empty() && news.empty()) return false;
    if (olds.contains("") || news.contains("")) return true;
    return olds != news && !only_narrowed(without(olds, news), without(news, olds));
  }

  /// A number is taken apart by other shifts and masks than before, and what is stored there may have changed
  /// with them.
  void check_apart(const FunctionPair& reader, const FunctionPair& writer, const Takings& lost,
                   const Takings& gained) {
    const auto after = places(gained, false);
    for (const Place& place : places(lost, false))
      if (after.contains(place) && stores_otherwise(writer, place) &&
          (&writer != &reader || may_be_own(*writer.after, place, sizes_at(lost, place))))
        report(reader, fmt::format("it takes {} apart in another way, and {} stores it", text_of(place),
                                   writer.name()));
  }

  static bool reads(const FunctionFacts& facts, const Place& place) {
    return std::ranges::any_of(facts.accesses, [&](const Access& access) {
      return access.is_read && access.offset == place.second && access.is_static == (place.first != "*");
    });
  }

  /// The bits of a stored number slide no longer, where the newest had a place of its own, or do so newly.
  void check_slid(const FunctionPair& reader, const FunctionPair& writer, const Takings& lost,
                  const Takings& gained) {
    for (const Takings* takings : {&lost, &gained})
      for (const Taken& taken : *takings) {
        const Place place{taken.place, taken.offset};
        if (taken.operation != 'l' || !reads(*reader.before, place) || !reads(*reader.after, place)) continue;
        if (stores_otherwise(writer, place) &&
            (&writer != &reader || may_be_own(*writer.after, place, {taken.size})))
          report(reader, fmt::format("it slides the bits of {} in another way, and {} stores it",
                                     text_of(place), writer.name()));
      }
  }

  static std::set<Place> masked(const Takings& takings) {
    std::set<Place> all;
    for (const Taken& taken : takings)
      if (taken.operation == '&' && taken.place == "*") all.insert({taken.place, taken.offset});
    return all;
  }

  /// Some bits of a member are taken where it was taken whole, or the other way round.
  void check_bits(const FunctionPair& reader, const FunctionPair& writer, const Takings& lost,
                  const Takings& gained) {
    const auto before = masked(reader.before->taken), after = masked(reader.after->taken);
    for (const bool newly : {true, false})
      for (const Place& place : masked(newly ? gained : lost))
        if (!(newly ? before : after).contains(place) &&
            reads(newly ? *reader.before : *reader.after, place) && stores_otherwise(writer, place))
          report(reader, fmt::format("it takes {} of {}, and {} stores it", newly ? "bits" : "more than bits",
                                     text_of(place), writer.name()));
  }

  /// What a function takes apart is what it stores itself: the variable, or a member of that size.
  static bool may_be_own(const FunctionFacts& facts, const Place& place, const std::set<unsigned>& sizes) {
    return place.first != "*" || std::ranges::any_of(facts.accesses, [&](const Access& access) {
             return access.is_written && !access.is_static && access.offset == place.second &&
                    sizes.contains(access.size);
           });
  }

  /// A pointer, which is moved to get to another part of what it leads to: it is followed, and no structure
  /// of the program has a number there.
  [[nodiscard]] bool is_pointer(const FunctionPair& reader, const Place& place) const {
    if (place.first != "*") return false;
    const auto is_followed = [&](const FunctionFacts& facts) {
      return facts.taken.contains({place.first, place.second, '@', 0, sizeof(void*)});
    };
    const dwarf::DebugInfo& info = unit_->before.debug;
    const auto is_number = [&](const dwarf::Member& member) {
      const dwarf::Type& type = info[member.type];
      return std::cmp_equal(member.bit_offset, place.second * 8) && type.size == sizeof(void*) &&
             (type.kind == dwarf::TypeKind::base || type.kind == dwarf::TypeKind::enumeration);
    };
    return (is_followed(*reader.before) || is_followed(*reader.after)) &&
           std::ranges::none_of(info.types, [&](const dwarf::Type& type) {
             return is_in_source(info, type.place) && std::ranges::any_of(type.members, is_number);
           });
  }

  /// A constant is added to it newly, or is no longer.
  void check_moved(const FunctionPair& reader, const FunctionPair& writer, const Takings& lost,
                   const Takings& gained) {
    auto all = places(lost, true);
    all.merge(places(gained, true));
    for (const Place& place : all)
      if (stores_otherwise(writer, place) && !is_pointer(reader, place))
        report(reader, fmt::format("it moves {} by another constant, and {} stores it", text_of(place),
                                   writer.name()));
  }

  /// By how much more one function adds to what it stores; nothing for 0.
  static std::set<std::pair<std::int64_t, unsigned>> moved_stores(const FunctionPair& writer) {
    std::set<std::pair<std::int64_t, unsigned>> all;
    for (const Access& before : writer.before->accesses)
      for (const Access& after : writer.after->accesses) {
        if (!before.is_written || !after.is_written || before.stored.empty() || after.stored.empty() ||
            before.size != after.size || before.offset != after.offset)
          continue;
        const auto [was, old_number] = without_constant(before.stored);
        const auto [is, number] = without_constant(after.stored);
        if (was == is && number != old_number) all.insert({number - old_number, before.size});
      }
    return all;
  }

  /// What one adds before it stores, the other adds no longer, or takes off newly: wherever a library keeps
  /// the object.
  void check_moved_back(const FunctionPair& reader, const FunctionPair& writer, const Takings& lost,
                        const Takings& gained) {
    for (const auto& [by, size] : moved_stores(writer)) {
      const auto is_back = [by = by, size = size](const Takings& takings, std::int64_t sign) {
        return std::ranges::any_of(takings, [&](const Taken& taken) {
          return taken.operation == '+' && taken.size == size && taken.number == sign * by;
        });
      };
      if (is_back(lost, 1) || is_back(gained, -1))
        report(reader, fmt::format("it takes back {} that {} adds to what it stores now", by, writer.name()));
    }
  }

  /// Goes through what others made from the other end, and what another function makes in a loop changed.
  void check_walk(const FunctionPair& reader, const FunctionPair& writer) {
    const std::set<int>&was = reader.before->walks, &is = reader.after->walks;
    if (was.empty() || is.empty() || was.contains(-1) == is.contains(-1)) return;
    if (!share_data(*unit_, reader, writer) && !share_objects(reader, writer)) return;
    if (stores(*writer.before) == stores(*writer.after) &&
        writer.before->arithmetic == writer.after->arithmetic)
      return;
    report(reader,
           fmt::format("its loop goes the other way, through what {} fills in another way", writer.name()));
  }

  static std::multiset<std::string> stores(const FunctionFacts& facts) {
    std::multiset<std::string> all;
    for (const Access& access : facts.accesses)
      if (access.is_written) all.insert(access.place + " " + access.index + " " + access.stored);
    return all;
  }

  /// Structures with an array or a pointer in them, that its arguments lead to.
  [[nodiscard]] std::set<std::string> objects(const FunctionPair& pair) const {
    std::set<std::string> all;
    if (pair.old_declaration == nullptr) return all;
    const dwarf::DebugInfo& info = unit_->before.debug;
    for (const dwarf::Parameter& parameter : pair.old_declaration->parameters)
      if (const dwarf::Type& pointer = info[parameter.type]; pointer.target.value != 0) {
        const dwarf::Type* type = &info[pointer.target];
        if (type->kind == dwarf::TypeKind::structure && !type->name.empty()) all.insert(type->name);
      }
    return all;
  }

  [[nodiscard]] bool share_objects(const FunctionPair& a, const FunctionPair& b) const {
    const auto of_a = objects(a), of_b = objects(b);
    return std::ranges::any_of(of_a, [&](const std::string& name) { return of_b.contains(name); });
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
};

}  // namespace

void report_taken(const ReviewedUnit& unit, Findings& findings) { TakenRules(unit, findings).run(); }

}  // namespace stent::review
