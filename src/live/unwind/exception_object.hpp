// What a C++ runtime notes in an exception object of who catches it: data, which no stack goes on at.
#pragma once

#include <vector>

#include "live/process/mapping.hpp"
#include "live/process/remote_memory.hpp"

namespace stent::unwind {

/// True when the word at `slot` is the field catchTemp of an exception that libstdc++ or libc++abi made,
/// alive or freed (malloc leaves it as it was): Itanium C++ ABI, "C++ Exception Objects". What is thrown
/// there goes on only by way of the unwinder, which has the frames that wait for it on a stack. Recognised by
/// the exception class, 16 bytes on, and by the tables of the function that catches it, which stand before.
[[nodiscard]] bool is_noted_landing_pad(const process::RemoteMemory& memory,
                                        const std::vector<process::Mapping>& mappings, RemoteAddress slot);

/// The same for any of the fields that tell of who catches it: actionRecord, languageSpecificData and
/// catchTemp.
[[nodiscard]] bool is_note_of_catcher(const process::RemoteMemory& memory,
                                      const std::vector<process::Mapping>& mappings, RemoteAddress slot);

}  // namespace stent::unwind
