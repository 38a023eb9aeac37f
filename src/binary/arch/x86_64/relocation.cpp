#include "binary/arch/x86_64/relocation.hpp"

namespace stent::x86_64 {

namespace {

struct Row {
  RelocationType type;
  const char* name;
  RelocationInfo info;
};

constexpr Row rows[] = {
    {RelocationType::none, "R_X86_64_NONE", {Formula::none, 0, false, false}},
    {RelocationType::abs64, "R_X86_64_64", {Formula::absolute, 8, false, false}},
    {RelocationType::pc32, "R_X86_64_PC32", {Formula::pc_relative, 4, true, false}},
    {RelocationType::plt32, "R_X86_64_PLT32", {Formula::pc_relative, 4, true, false}},
    {RelocationType::gotpcrel, "R_X86_64_GOTPCREL", {Formula::got_relative, 4, true, false}},
    {RelocationType::abs32, "R_X86_64_32", {Formula::absolute, 4, false, false}},
    {RelocationType::abs32s, "R_X86_64_32S", {Formula::absolute, 4, true, false}},
    {RelocationType::abs16, "R_X86_64_16", {Formula::absolute, 2, false, false}},
    {RelocationType::pc16, "R_X86_64_PC16", {Formula::pc_relative, 2, true, false}},
    {RelocationType::abs8, "R_X86_64_8", {Formula::absolute, 1, false, false}},
    {RelocationType::pc8, "R_X86_64_PC8", {Formula::pc_relative, 1, true, false}},
    {RelocationType::dtpmod64, "R_X86_64_DTPMOD64", {Formula::tls_offset, 8, false, true}},
    {RelocationType::dtpoff64, "R_X86_64_DTPOFF64", {Formula::tls_offset, 8, true, true}},
    {RelocationType::tpoff64, "R_X86_64_TPOFF64", {Formula::tls_offset, 8, true, true}},
    {RelocationType::tlsgd, "R_X86_64_TLSGD", {Formula::got_relative, 4, true, true}},
    {RelocationType::tlsld, "R_X86_64_TLSLD", {Formula::got_relative, 4, true, true}},
    {RelocationType::dtpoff32, "R_X86_64_DTPOFF32", {Formula::tls_offset, 4, true, true}},
    {RelocationType::gottpoff, "R_X86_64_GOTTPOFF", {Formula::got_relative, 4, true, true}},
    {RelocationType::tpoff32, "R_X86_64_TPOFF32", {Formula::tls_offset, 4, true, true}},
    {RelocationType::pc64, "R_X86_64_PC64", {Formula::pc_relative, 8, true, false}},
    {RelocationType::gotpc32_tlsdesc, "R_X86_64_GOTPC32_TLSDESC", {Formula::got_relative, 4, true, true}},
    {RelocationType::tlsdesc_call, "R_X86_64_TLSDESC_CALL", {Formula::none, 0, false, true}},
    {RelocationType::gotoff64, "R_X86_64_GOTOFF64", {}},
    {RelocationType::gotpc32, "R_X86_64_GOTPC32", {}},
    {RelocationType::gotpcrelx, "R_X86_64_GOTPCRELX", {Formula::got_relative, 4, true, false}},
    {RelocationType::rex_gotpcrelx, "R_X86_64_REX_GOTPCRELX", {Formula::got_relative, 4, true, false}},
};

}  // namespace

RelocationInfo describe(RelocationType type) {
  for (const Row& row : rows)
    if (row.type == type) return row.info;
  return {};
}

std::string to_string(RelocationType type) {
  for (const Row& row : rows)
    if (row.type == type) return row.name;
  return "R_X86_64_#" + std::to_string(static_cast<std::uint32_t>(type));
}

}  // namespace stent::x86_64
