#include <algorithm>
#include <cstring>
#include <map>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/model/image_builder.hpp"

namespace stent::model {

namespace {

using x86_64::RelocationType;

std::string text_at(ByteView names, std::uint64_t offset) {
  if (offset >= names.size()) return {};
  const auto* text = reinterpret_cast<const char*>(names.data()) + offset;
  return {text, strnlen(text, names.size() - offset)};
}

/// Version index -> name, from .gnu.version_r.
std::map<std::uint16_t, std::string> needed_versions(const elf::File& file) {
  std::map<std::uint16_t, std::string> versions;
  for (const elf::Section& section : file.sections()) {
    if (section.type != SHT_GNU_verneed || section.link >= file.sections().size()) continue;
    const ByteView names = file.sections()[section.link].data;
    std::uint64_t at = 0;
    for (std::uint32_t i = 0; i < section.info; ++i) {
      const auto need = load<Elf64_Verneed>(section.data, at);
      std::uint64_t aux = at + need.vn_aux;
      for (std::uint16_t k = 0; k < need.vn_cnt; ++k) {
        const auto entry = load<Elf64_Vernaux>(section.data, aux);
        versions[entry.vna_other & 0x7fff] = text_at(names, entry.vna_name);
        aux += entry.vna_next;
      }
      if (need.vn_next == 0) break;
      at += need.vn_next;
    }
  }
  return versions;
}

/// The version each dynamic symbol is bound to, by symbol index.
std::vector<std::string> symbol_versions(const elf::File& file) {
  const auto names = needed_versions(file);
  std::vector<std::string> versions;
  for (const elf::Section& section : file.sections()) {
    if (section.type != SHT_GNU_versym) continue;
    for (std::uint64_t at = 0; at + 2 <= section.data.size(); at += 2) {
      const auto found = names.find(load<std::uint16_t>(section.data, at) & 0x7fff);
      versions.push_back(found == names.end() ? "" : found->second);
    }
  }
  return versions;
}

class Reader {
 public:
  Reader(const elf::File& file, Image& image)
      : file_(file), image_(image), versions_(symbol_versions(file)) {}

  void read(const elf::Section& table) {
    const bool has_symbols =
        table.link < file_.sections().size() && file_.sections()[table.link].type == SHT_DYNSYM;
    symbols_ = has_symbols ? file_.symbols(file_.sections()[table.link]) : std::vector<elf::RawSymbol>{};
    for (const elf::RawRelocation& relocation : file_.relocations(table)) one(relocation);
  }

  /// SHT_RELR (generic ABI): an even word is a place; an odd one says by its other bits which of the 63 words
  /// that follow are places too. The addend stands there.
  void read_packed(const elf::Section& table) {
    constexpr std::uint64_t word = 8, covered = 63;
    std::uint64_t next = 0;
    for (std::uint64_t at = 0; at + word <= table.data.size(); at += word) {
      const auto entry = load<std::uint64_t>(table.data, at);
      if ((entry & 1) == 0) {
        packed({entry});
        next = entry + word;
        continue;
      }
      for (std::uint64_t bit = 0; bit < covered; ++bit)
        if ((entry >> (bit + 1) & 1) != 0) packed({next + bit * word});
      next += covered * word;
    }
  }

 private:
  void packed(LinkAddress place) {
    const auto value = image_.read(place, 8);
    if (!value) throw file_.damaged("place of a packed relocation");
    one({place.value, static_cast<std::uint32_t>(RelocationType::relative), 0,
         load<std::int64_t>(*value, 0)});
  }

  Import& import_of(std::uint32_t index) {
    const elf::RawSymbol& raw = symbols_[index];
    const auto [at, is_new] = by_symbol_.try_emplace(index, image_.imports.size());
    if (is_new) {
      Import import;
      import.name = raw.name;
      if (index < versions_.size()) import.version = versions_[index];
      import.weak = raw.binding == STB_WEAK;
      import.type = raw.type == STT_FUNC     ? SymbolType::function
                    : raw.type == STT_OBJECT ? SymbolType::object
                    : raw.type == STT_TLS    ? SymbolType::tls
                                             : SymbolType::none;
      if (raw.type == STT_FUNC && raw.section == SHN_UNDEF && raw.value != 0) import.canonical = {raw.value};
      image_.imports.push_back(std::move(import));
    }
    return image_.imports[at->second];
  }

  void one(const elf::RawRelocation& relocation) {
    const LinkAddress place{relocation.offset};
    const auto type = static_cast<RelocationType>(relocation.type);
    if (relocation.symbol != 0 && relocation.symbol >= symbols_.size())
      throw file_.damaged("symbol of a dynamic relocation");
    const std::string name = relocation.symbol == 0 ? "" : symbols_[relocation.symbol].name;
    for (ImageSegment& segment : image_.segments)
      if (segment.executable && segment.memory.contains(place)) note_text(relocation, segment);
    switch (type) {
      case RelocationType::relative:
        image_.local_got[place] = {static_cast<std::uint64_t>(relocation.addend)};
        break;
      case RelocationType::irelative:
        image_.ifunc_slots[{static_cast<std::uint64_t>(relocation.addend)}] = place;
        break;
      case RelocationType::tpoff64:
      case RelocationType::dtpmod64:
      case RelocationType::tlsdesc: image_.tls_slots.push_back({place, type, name, relocation.addend}); break;
      case RelocationType::jump_slot:
        if (!name.empty()) import_of(relocation.symbol).jump_slot = place;
        break;
      case RelocationType::glob_dat:
        if (!name.empty()) import_of(relocation.symbol).got_slot = place;
        break;
      case RelocationType::copy:
        if (!name.empty()) import_of(relocation.symbol).copy = place;
        break;
      default: break;
    }
  }

  /// Code is shown as linked at its link addresses.
  void note_text(const elf::RawRelocation& relocation, ImageSegment& segment) {
    const LinkAddress place{relocation.offset};
    const auto type = static_cast<RelocationType>(relocation.type);
    TextRelocation text{{place, 8},
                        std::nullopt,
                        relocation.addend,
                        type == RelocationType::relative || type == RelocationType::abs64};
    if (relocation.symbol != 0)
      text.import = static_cast<std::size_t>(&import_of(relocation.symbol) - image_.imports.data());
    const auto at = static_cast<std::uint64_t>(place - segment.memory.begin);
    if (relocation.symbol == 0 && at + 8 <= segment.bytes.size()) store(segment.bytes, at, relocation.addend);
    image_.text_relocations.push_back(text);
  }

  const elf::File& file_;
  Image& image_;
  std::vector<std::string> versions_;
  std::vector<elf::RawSymbol> symbols_;
  std::map<std::uint32_t, std::size_t> by_symbol_;
};

/// GOT entries that the linker filled for good: all of a non-PIC image's that no relocation touches.
void read_filled_got(const elf::File& file, Image& image) {
  if (image.is_position_independent) return;
  const elf::Section* got = file.section(".got");
  if (got == nullptr) return;
  for (std::uint64_t at = 0; at + 8 <= got->data.size(); at += 8) {
    const LinkAddress value{load<std::uint64_t>(got->data, at)};
    if (value.value != 0 && image.segment_of(value) != nullptr)
      image.local_got.try_emplace(got->address + static_cast<std::int64_t>(at), value);
  }
}

}  // namespace

void read_dynamic_relocations(const elf::File& file, Image& image) {
  Reader reader(file, image);
  for (const elf::Section& section : file.sections())
    if (section.type == SHT_RELA && (section.flags & SHF_ALLOC) != 0) reader.read(section);
  for (const elf::Section& section : file.sections())
    if (section.type == SHT_RELR) reader.read_packed(section);
  for (const Import& import : image.imports)
    for (const auto& slot : {import.jump_slot, import.got_slot})
      if (slot) image.local_got.erase(*slot);
  read_filled_got(file, image);
  std::sort(image.text_relocations.begin(), image.text_relocations.end());
}

void read_plt(const elf::File& file, Image& image) {
  std::map<LinkAddress, std::size_t> by_slot;
  for (std::size_t i = 0; i < image.imports.size(); ++i)
    for (const auto& slot : {image.imports[i].jump_slot, image.imports[i].got_slot})
      if (slot) by_slot.emplace(*slot, i);
  for (const elf::Section& section : file.sections()) {
    if (section.name.rfind(".plt", 0) != 0 || (section.flags & SHF_EXECINSTR) == 0) continue;
    const std::uint64_t entry = section.entry_size == 0 ? 16 : section.entry_size;
    for (std::uint64_t start = 0; start < section.data.size(); start += entry) {
      const std::uint64_t size = std::min(entry, section.data.size() - start);
      for (const x86_64::Instruction& instruction : x86_64::decode(section.data.subspan(start, size))) {
        if (instruction.flow != x86_64::Flow::indirect_jump || !instruction.memory_target) continue;
        const LinkAddress at = section.address + static_cast<std::int64_t>(start);
        const auto found = by_slot.find(at + *instruction.memory_target);
        // .plt.sec and .plt.got are what code calls; a plain .plt entry stands unless one of them is found.
        if (found != by_slot.end() && (section.name != ".plt" || !image.imports[found->second].plt))
          image.imports[found->second].plt = at;
        break;
      }
    }
  }
}

}  // namespace stent::model
