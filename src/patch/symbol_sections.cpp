#include <algorithm>
#include <optional>

#include "patch/sections.hpp"

namespace stent::patch {
namespace {

template <class T>
void append(Bytes& to, const T& value) {
  const ByteView bytes = as_bytes(std::span(&value, 1));
  to.insert(to.end(), bytes.begin(), bytes.end());
}

unsigned char info(int binding, int type) { return static_cast<unsigned char>((binding << 4) | type); }

/// Builds the tables; symbols are appended locals first, as ELF demands.
class SymbolTables {
 public:
  SymbolTables(const Patch& patch, const FileLayout& layout, const std::vector<Section>& sections)
      : patch_(patch), layout_(layout), sections_(sections), strings_(1) {}

  std::vector<Section> build() {
    symbols_.emplace_back();
    add_section_symbols();
    add_symbols(true);
    const std::size_t locals = symbols_.size();
    add_symbols(false);
    add_undefined();
    return tables(locals);
  }

 private:
  std::uint32_t string(const std::string& text) {
    const auto at = static_cast<std::uint32_t>(strings_.size());
    const ByteView bytes = as_bytes(text);
    strings_.insert(strings_.end(), bytes.begin(), bytes.end());
    strings_.push_back({});
    return at;
  }

  /// The allocated section that holds `address`, or ends there.
  [[nodiscard]] std::optional<std::size_t> section_at(std::uint64_t address) const {
    std::optional<std::size_t> ends_here;
    for (std::size_t i = 0; i < sections_.size(); ++i) {
      const Elf64_Shdr& header = sections_[i].header;
      if ((header.sh_flags & SHF_ALLOC) == 0 || address < header.sh_addr) continue;
      if (address - header.sh_addr < header.sh_size) return i;
      if (address - header.sh_addr == header.sh_size) ends_here = i;
    }
    return ends_here;
  }

  void add_section_symbols() {
    section_symbols_.resize(sections_.size());
    for (std::size_t i = 1; i < sections_.size(); ++i) {
      if ((sections_[i].header.sh_flags & SHF_ALLOC) == 0) continue;
      section_symbols_[i] = static_cast<std::uint32_t>(symbols_.size());
      Elf64_Sym symbol{};
      symbol.st_info = info(STB_LOCAL, STT_SECTION);
      symbol.st_shndx = static_cast<Elf64_Section>(i);
      symbol.st_value = sections_[i].header.sh_addr;
      symbols_.push_back(symbol);
    }
  }

  void add_symbols(bool local) {
    for (std::size_t i = 0; i < patch_.images.size(); ++i)
      for (const PatchSymbol& from : patch_.images[i].symbols) {
        if (from.is_local != local) continue;
        Elf64_Sym symbol{};
        symbol.st_name = string(from.name);
        symbol.st_info = info(local ? STB_LOCAL : STB_GLOBAL, from.is_function ? STT_FUNC : STT_OBJECT);
        symbol.st_value = layout_.images[i].window.value + from.address.value;
        symbol.st_size = from.size;
        symbol.st_shndx = static_cast<Elf64_Section>(section_at(symbol.st_value).value_or(SHN_ABS));
        symbols_.push_back(symbol);
      }
  }

  /// One undefined symbol for each binding that leads out of the file.
  void add_undefined() {
    binding_symbols_.resize(patch_.images.size());
    for (std::size_t i = 0; i < patch_.images.size(); ++i)
      for (const Binding& binding : patch_.images[i].bindings) {
        binding_symbols_[i].push_back(static_cast<std::uint32_t>(symbols_.size()));
        if (inner_target(i, binding)) continue;
        Elf64_Sym symbol{};
        symbol.st_name = string(binding.name.empty() ? "(unnamed)" : binding.name);
        symbol.st_info = info(STB_GLOBAL, STT_NOTYPE);
        symbols_.push_back(symbol);
      }
  }

  [[nodiscard]] std::optional<std::uint64_t> inner_target(std::size_t image, const Binding& binding) const {
    if (const auto* own = std::get_if<OwnImage>(&binding.where))
      return layout_.images[image].window.value + own->address.value;
    if (const auto* other = std::get_if<OtherImage>(&binding.where))
      return layout_.images[other->image].window.value + other->address.value;
    return {};
  }

  [[nodiscard]] Elf64_Rela rela(std::size_t image, const Relocation& from) const {
    const Binding& binding = patch_.images[image].bindings[from.binding];
    std::uint32_t symbol = binding_symbols_[image][from.binding];
    Elf64_Rela out{};
    out.r_addend = from.addend;
    if (const auto target = inner_target(image, binding)) {
      const auto section = section_at(*target);
      symbol = section ? section_symbols_[*section] : 0;
      out.r_addend += static_cast<std::int64_t>(*target - (section ? sections_[*section].header.sh_addr : 0));
    }
    out.r_offset = layout_.images[image].window.value + from.place.value;
    out.r_info = ELF64_R_INFO(static_cast<std::uint64_t>(symbol), static_cast<std::uint32_t>(from.type));
    return out;
  }

  std::vector<Section> tables(std::size_t locals) const {
    std::vector<Bytes> relas(sections_.size());
    for (std::size_t i = 0; i < patch_.images.size(); ++i)
      for (const Relocation& relocation : patch_.images[i].relocations) {
        const Elf64_Rela entry = rela(i, relocation);
        if (const auto section = section_at(entry.r_offset)) append(relas[*section], entry);
      }
    const auto symtab_index = static_cast<std::uint32_t>(sections_.size());
    std::vector<Section> out(2);
    out[0] =
        table(".symtab", SHT_SYMTAB, symtab_index + 1, static_cast<std::uint32_t>(locals), sizeof(Elf64_Sym));
    for (const Elf64_Sym& symbol : symbols_) append(out[0].contents, symbol);
    out[1] = table(".strtab", SHT_STRTAB, 0, 0, 0);
    out[1].contents = strings_;
    for (std::size_t i = 0; i < relas.size(); ++i) {
      if (relas[i].empty()) continue;
      out.push_back(table(".rela" + sections_[i].name, SHT_RELA, symtab_index, static_cast<std::uint32_t>(i),
                          sizeof(Elf64_Rela)));
      out.back().header.sh_flags = SHF_INFO_LINK;
      out.back().contents = std::move(relas[i]);
    }
    return out;
  }

  static Section table(std::string name, std::uint32_t type, std::uint32_t link, std::uint32_t info,
                       std::uint64_t entry_size) {
    Section section;
    section.name = std::move(name);
    section.header.sh_type = type;
    section.header.sh_link = link;
    section.header.sh_info = info;
    section.header.sh_entsize = entry_size;
    section.header.sh_addralign = type == SHT_STRTAB ? 1 : 8;
    return section;
  }

  const Patch& patch_;
  const FileLayout& layout_;
  const std::vector<Section>& sections_;
  Bytes strings_;
  std::vector<Elf64_Sym> symbols_;
  std::vector<std::uint32_t> section_symbols_;
  std::vector<std::vector<std::uint32_t>> binding_symbols_;
};

}  // namespace

std::vector<Section> symbol_sections(const Patch& patch, const FileLayout& layout,
                                     const std::vector<Section>& sections) {
  return SymbolTables(patch, layout, sections).build();
}

}  // namespace stent::patch
