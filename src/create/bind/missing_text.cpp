#include "create/bind/missing_text.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace stent::bind {
namespace {

constexpr std::size_t shortest = 8;

bool holds(const model::Image& image, std::string_view text) {
  return std::ranges::any_of(image.segments, [&](const model::ImageSegment& segment) {
    const std::string_view bytes(reinterpret_cast<const char*>(segment.bytes.data()), segment.bytes.size());
    return bytes.find(text) != std::string_view::npos;
  });
}

/// The text that a reference to `place` names: a whole literal, or what of an unnamed pool (gcc -O0) begins
/// there.
std::optional<std::string> text_at(const model::Object& object, model::Place place) {
  const model::Atom& atom = object[place.atom];
  const bool is_literal = atom.kind == model::AtomKind::string_literal;
  const bool is_pool = atom.kind == model::AtomKind::read_only && atom.name.empty();
  const auto size = static_cast<std::int64_t>(atom.bytes.size());
  const std::int64_t begin = is_literal ? 0 : place.offset;
  if ((!is_literal && !is_pool) || begin < 0 || begin >= size) return {};
  const std::string_view bytes(reinterpret_cast<const char*>(atom.bytes.data()), atom.bytes.size());
  const std::size_t end = bytes.find('\0', static_cast<std::size_t>(begin));
  if (end == std::string_view::npos) return {};
  const std::string_view text =
      bytes.substr(static_cast<std::size_t>(begin), end - static_cast<std::size_t>(begin));
  const bool is_readable = std::ranges::all_of(text, [](char one) { return one >= ' ' && one <= '~'; });
  if (text.size() < shortest || !is_readable) return {};
  return std::string(text);
}

}  // namespace

std::string missing_text(const model::Object& object, const model::Function& function,
                         const model::Image& image) {
  std::vector<model::AtomId> parts{function.entry};
  parts.insert(parts.end(), function.fragments.begin(), function.fragments.end());
  for (const model::AtomId part : parts)
    for (const model::Reference& reference : object[part].references) {
      if (!reference.place) continue;
      const std::optional<std::string> text = text_at(object, *reference.place);
      if (text && !holds(image, *text)) return *text;
    }
  return {};
}

}  // namespace stent::bind
