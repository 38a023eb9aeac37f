#include "create/guess_difference.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "base/error.hpp"
#include "binary/dwarf/producer.hpp"

namespace stent::create {
namespace {

using Words = std::vector<std::string>;

/// Flags that never change the code of a function, or that are stent's own.
bool is_harmless(const std::string& word) {
  return word.starts_with("-g") || word.starts_with("-ffile-prefix-map") || word.starts_with("-fdebug-") ||
         word.starts_with("-W") || word.starts_with("-fdiagnostics") || word == "-ffunction-sections" ||
         word == "-fdata-sections";
}

Words words_without(const std::string& text, const std::string& other) {
  std::istringstream in(text), in_other(other);
  const std::set<std::string> known{std::istream_iterator<std::string>(in_other), {}};
  Words words;
  for (std::string word; in >> word;)
    if (!known.contains(word) && !is_harmless(word)) words.push_back(word);
  return words;
}

std::string quoted_or_none(const Words& words) {
  return words.empty() ? "nothing" : fmt::format("{}", fmt::join(words, " "));
}

std::string guess(const model::Object& old_object, const model::Image& target) {
  const Words theirs = dwarf::compilers_of(target.path), ours = dwarf::compilers_of(old_object.path);
  const bool is_known = std::ranges::any_of(
      ours, [&](const std::string& one) { return std::ranges::find(theirs, one) != theirs.end(); });
  if (!ours.empty() && !theirs.empty() && !is_known)
    return fmt::format("the target was made by {}, this object by {}", fmt::join(theirs, " and "),
                       fmt::join(ours, " and "));
  const std::string source = std::filesystem::path(old_object.source).filename();
  const std::string target_producer = dwarf::producer_of(target.debug_file, source);
  const std::string object_producer = dwarf::producer_of(old_object.path, {});
  const Words only_there = words_without(target_producer, object_producer);
  const Words only_here = words_without(object_producer, target_producer);
  if (!target_producer.empty() && !object_producer.empty() && (!only_there.empty() || !only_here.empty()))
    return fmt::format("of compiler and flags, the target's debug information has {}, and this object's {}",
                       quoted_or_none(only_there), quoted_or_none(only_here));
  return "compiler and flags seem to be the target's, so the source may be another";
}

}  // namespace

std::string guess_difference(const model::Object& old_object, const model::Image& target) {
  try {
    return guess(old_object, target);
  } catch (const Error&) {
    return "neither file says how it was made";
  }
}

}  // namespace stent::create
