#include "create/bind/missing_text.hpp"

#include <algorithm>

namespace stent::bind {
namespace {

constexpr std::size_t shortest = 8;

bool holds(const model::Image& image, std::string_view text) {
  return std::ranges::any_of(image.segments, [&](const model::ImageSegment& segment) {
    const std::string_view bytes(reinterpret_cast<const char*>(segment.bytes.data()), segment.bytes.size());
    return bytes.find(text) != std::string_view::npos;
  });
}

}  // namespace

std::string missing_text(const model::Object& object, const model::Function& function,
                         const model::Image& image) {
  std::vector<model::AtomId> parts{function.entry};
  parts.insert(parts.end(), function.fragments.begin(), function.fragments.end());
  for (const model::AtomId part : parts)
    for (const model::Reference& reference : object[part].references) {
      if (!reference.place) continue;
      const model::Atom& atom = object[reference.place->atom];
      if (atom.kind != model::AtomKind::string_literal || atom.bytes.size() <= shortest) continue;
      const std::string text(reinterpret_cast<const char*>(atom.bytes.data()), atom.bytes.size() - 1);
      if (text.find('\0') == std::string::npos && !holds(image, text)) return text;
    }
  return {};
}

}  // namespace stent::bind
