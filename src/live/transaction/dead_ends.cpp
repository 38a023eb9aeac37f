#include "live/transaction/dead_ends.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "binary/arch/x86_64/decode.hpp"
#include "live/resolve/dynamic_symbols.hpp"

namespace stent::transaction {
namespace {

using resolve::DynamicSymbols;

constexpr std::array<std::string_view, 4> dead_ends{"__stack_chk_fail", "_Unwind_Resume", "__cxa_throw",
                                                    "__cxa_rethrow"};

/// The address that the four bytes at `offset` of `code`, which stands at `at`, mean to the instruction that
/// they end.
RemoteAddress operand(RemoteAddress at, ByteView code, std::size_t offset) {
  return at + static_cast<std::int64_t>(offset + 4) + load<std::int32_t>(code, offset);
}

/// The slot that a stub at `at`, [endbr64] [bnd] jmp *slot(%rip), goes through.
std::optional<RemoteAddress> slot_of_stub(const process::RemoteMemory& memory, RemoteAddress at) {
  constexpr std::uint32_t endbr64 = 0xfa1e'0ff3;
  Bytes code(16);
  if (!memory.try_read(at, code)) return std::nullopt;
  std::size_t i = load<std::uint32_t>(code, 0) == endbr64 ? 4 : 0;
  if (code[i] == std::byte{0xf2}) ++i;
  if (load<std::uint16_t>(code, i) != 0x25ff) return std::nullopt;
  return operand(at, code, i + 2);
}

/// The slot through which the call that ends at `end` goes, and what it calls where there is none.
struct Callee {
  std::optional<RemoteAddress> slot, direct;
};

Callee last_callee(const process::RemoteMemory& memory, RemoteAddress end) {
  constexpr std::int64_t longest = 6;
  const RemoteAddress at = end - longest;
  Bytes code(longest);
  if (!memory.try_read(at, code)) return {};
  if (load<std::uint16_t>(code, 0) == 0x15ff) return {operand(at, code, 2), {}};  // call *slot(%rip)
  if (code[1] != std::byte{0xe8}) return {};
  const RemoteAddress target = operand(at, code, 2);
  return {slot_of_stub(memory, target), target};
}

/// True for clang's __clang_call_terminate: nothing but calls, of which one is std::terminate.
bool only_terminates(const process::RemoteMemory& memory, const DynamicSymbols& symbols, RemoteAddress at) {
  Bytes code(24);
  if (!memory.try_read(at, code)) return false;
  for (const x86_64::Instruction& instruction : x86_64::decode(code)) {
    if (instruction.flow == x86_64::Flow::next) continue;
    if (instruction.flow != x86_64::Flow::call && instruction.flow != x86_64::Flow::indirect_call)
      return false;
    const auto slot = last_callee(memory, at + instruction.end()).slot;
    if (slot && symbols.symbol_of_slot(*slot) == "_ZSt9terminatev") return true;
  }
  return false;
}

bool is_dead_end(const process::RemoteMemory& memory, const DynamicSymbols& symbols, RemoteAddress end) {
  const Callee callee = last_callee(memory, end);
  if (callee.slot)
    return std::ranges::find(dead_ends, symbols.symbol_of_slot(*callee.slot)) != dead_ends.end();
  const auto is_called = [&](std::string_view name) {
    const auto definition = symbols.find(std::string(name), "");
    return definition && definition->address == callee.direct;
  };
  return callee.direct &&
         (std::ranges::any_of(dead_ends, is_called) || only_terminates(memory, symbols, *callee.direct));
}

}  // namespace

void mark_dead_ends(std::vector<unwind::CodePiece>& pieces, const process::Process& target,
                    const std::vector<process::Module>& modules) {
  for (const process::Module& module : modules) {
    std::optional<DynamicSymbols> symbols;
    for (unwind::CodePiece& piece : pieces) {
      if (!module.contains(piece.range.begin)) continue;
      if (!symbols) symbols = DynamicSymbols::of(target.module_memory(), module);
      if (!symbols) break;
      piece.end_is_never_suspended = is_dead_end(target.memory(), *symbols, piece.range.end());
    }
  }
}

std::vector<RemoteRange> linker_tables(const process::Process& target,
                                       const std::vector<process::Module>& modules) {
  std::vector<RemoteRange> tables;
  for (const process::Module& module : modules)
    if (const auto symbols = DynamicSymbols::of(target.module_memory(), module)) {
      const RemoteRange table = symbols->call_slots();
      if (table.size != 0 && module.contains(table.begin)) tables.push_back(table);
      if (!symbols->find("__unw_add_dynamic_fde", "")) continue;
      // LLVM's unwinder notes there where the functions that it was told of begin and end.
      for (const process::Segment& segment : module.segments)
        if (segment.permissions.write) tables.push_back(segment.range);
    }
  return tables;
}

}  // namespace stent::transaction
