#include <map>

#include "binary/model/object_builder.hpp"

namespace stent::model {

namespace {

struct Entry {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t cie = 0;  ///< offset of the CIE an FDE uses; equal to `begin` for a CIE
};

std::vector<Entry> split(const ObjectBuilder& builder, ByteView data) {
  std::vector<Entry> entries;
  std::uint64_t at = 0;
  while (at + 4 <= data.size()) {
    const auto length = load<std::uint32_t>(data, at);
    if (length == 0) {
      at += 4;
      continue;
    }
    if (length == 0xffffffff || length < 4 || length > data.size() - at - 4)
      throw builder.file.damaged(".eh_frame");
    const auto pointer = load<std::uint32_t>(data, at + 4);
    if (pointer > at + 4) throw builder.file.damaged(".eh_frame");
    entries.push_back({at, at + 4 + length, pointer == 0 ? at : at + 4 - pointer});
    at += 4 + length;
  }
  return entries;
}

std::vector<Reference> references_in(const ObjectBuilder& builder, const std::vector<elf::RawRelocation>& all,
                                     const Entry& entry) {
  std::vector<Reference> references;
  for (const elf::RawRelocation& raw : all)
    if (raw.offset >= entry.begin && raw.offset < entry.end)
      references.push_back(resolve(builder, raw, entry.begin, 0));
  return references;
}

Bytes bytes_of(ByteView data, const Entry& entry) {
  const ByteView part = data.subspan(entry.begin, entry.end - entry.begin);
  return {part.begin(), part.end()};
}

/// Files each FDE under the code atom its pc_begin names; several for one atom keep the first.
void read_section(ObjectBuilder& builder, const elf::Section& section) {
  const elf::Section* table = relocations_of(builder.file, section);
  if (table == nullptr) return;
  std::map<std::uint64_t, std::vector<elf::RawRelocation>> by_entry;
  const auto entries = split(builder, section.data);
  std::map<std::uint64_t, const Entry*> at;
  for (const Entry& entry : entries) at.emplace(entry.begin, &entry);
  for (const elf::RawRelocation& raw : builder.file.relocations(*table)) {
    const auto after = at.upper_bound(raw.offset);
    if (after != at.begin()) by_entry[std::prev(after)->first].push_back(raw);
  }
  constexpr std::uint32_t pc_begin = 8;
  for (const Entry& entry : entries) {
    if (entry.cie == entry.begin) continue;
    const auto cie = at.find(entry.cie);
    if (cie == at.end() || cie->second->cie != entry.cie) throw builder.file.damaged(".eh_frame");
    FrameDescription frame{bytes_of(section.data, *cie->second), bytes_of(section.data, entry),
                           references_in(builder, by_entry[entry.cie], *cie->second),
                           references_in(builder, by_entry[entry.begin], entry)};
    for (const Reference& reference : frame.fde_references) {
      if (reference.offset != pc_begin || !reference.place) continue;
      auto& slot = builder.object.frames[reference.place->atom.value];
      if (!slot && reference.place->offset == 0) slot = std::move(frame);
      break;
    }
  }
}

}  // namespace

void read_frames(ObjectBuilder& builder) {
  builder.object.frames.resize(builder.object.atoms.size());
  for (const elf::Section& section : builder.file.sections())
    if (section.name == ".eh_frame" && !section.data.empty()) read_section(builder, section);
}

}  // namespace stent::model
