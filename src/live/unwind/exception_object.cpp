#include "live/unwind/exception_object.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace stent::unwind {
namespace {

/// actionRecord, languageSpecificData, catchTemp, adjustedPtr and, of the unwinder's header, the class.
constexpr std::int64_t before_slot = 16;
enum Field { action_record, tables, landing_pad, adjusted, exception_class, field_count };

/// The last byte tells an exception from one that only refers to another.
constexpr std::uint64_t kind_bits = 0xff;
constexpr std::uint64_t class_of(const char (&name)[8]) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8U | static_cast<unsigned char>(name[i]);
  return value;
}
constexpr std::array classes{class_of("GNUCC++"), class_of("CLNGC++")};
/// From the start of a function's tables to its action records, at most.
constexpr std::uint64_t most_between = 1U << 20U;

}  // namespace

bool is_noted_landing_pad(const process::RemoteMemory& memory, const std::vector<process::Mapping>& mappings,
                          RemoteAddress slot) {
  std::array<std::uint64_t, field_count> fields{};
  if (!memory.try_read(slot - before_slot, std::as_writable_bytes(std::span(fields)))) return false;
  if (std::ranges::find(classes, fields[exception_class] & ~kind_bits) == classes.end()) return false;
  if ((fields[exception_class] & kind_bits) > 1) return false;
  if (fields[action_record] < fields[tables] || fields[action_record] - fields[tables] > most_between)
    return false;
  const process::Mapping* constants = process::find_mapping(mappings, {fields[tables]});
  return constants != nullptr && constants->permissions.read && !constants->permissions.write;
}

bool is_note_of_catcher(const process::RemoteMemory& memory, const std::vector<process::Mapping>& mappings,
                        RemoteAddress slot) {
  constexpr std::int64_t word = sizeof(std::uint64_t);
  for (const Field field : {action_record, tables, landing_pad})
    if (is_noted_landing_pad(memory, mappings, slot + (landing_pad - field) * word)) return true;
  return false;
}

}  // namespace stent::unwind
